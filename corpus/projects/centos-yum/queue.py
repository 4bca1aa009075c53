import os
import sys

folder = sys.argv[1] if len(sys.argv) > 1 else "/var/queue"
jobs = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
print("queue empty" if not jobs else "queue: " + " ".join(jobs))
