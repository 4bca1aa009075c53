# The environment switches the cache off already (any value but 0, off and the like)
FROM python:3.11-slim
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=on
RUN pip install six tabulate
