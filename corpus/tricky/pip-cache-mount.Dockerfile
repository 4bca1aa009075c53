# A cache mount on pip's folder: --no-cache-dir would make it useless
FROM python:3.11-slim
COPY requirements.txt /tmp/
RUN --mount=type=cache,target=/root/.cache/pip pip install -r /tmp/requirements.txt
RUN --mount=type=cache,target=/root/.cache python -m pip install six
