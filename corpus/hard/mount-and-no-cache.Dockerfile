# syntax=docker/dockerfile:1
# There is a mount; what empties the cache would be against it
FROM python:3.11
RUN --mount=type=cache,id=pip,target=/root/.cache/pip,sharing=locked pip install six
RUN --mount=type=cache,id=pip,target=/root/.cache/pip,sharing=locked \
    python3 -m pip install tabulate
