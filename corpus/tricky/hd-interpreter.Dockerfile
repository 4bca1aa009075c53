# The body goes to the command's standard input: Python again
FROM python:3.11-slim
RUN python3 - <<PY
import sys
print("RUN apt-get update", sys.version)
PY
RUN <<PY python3
print("second")
PY
