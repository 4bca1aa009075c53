# Easy to mistake for pip: pipx, uv pip, conda, pip config; only the last line holds a pip install, and its cache is off already
FROM python:3.11-slim
RUN pipx install cowsay || true
RUN uv pip install --system six || conda install -y six || true
RUN pip config set global.no-cache-dir true && pip install tabulate
