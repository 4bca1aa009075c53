# Another stage takes pip's cache out of this one
FROM python:3.11-slim AS warm
RUN pip install six
RUN mkdir -p /root/.cache
FROM python:3.11-slim
COPY --from=warm /root/.cache /root/.cache
RUN pip install six
