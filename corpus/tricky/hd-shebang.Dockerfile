# The body starts with #!: it is a Python program, not shell
FROM python:3.11-slim
RUN <<EOF
#!/usr/bin/env python3
import subprocess
print("pip install is only a text here")
subprocess.run(["pip", "--version"], check=True)
EOF
RUN pip install six==1.16.0
