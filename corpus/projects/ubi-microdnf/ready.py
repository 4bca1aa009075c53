import os

print("ready on", os.environ.get("PORT", "0"))
