# The install runs in a quoted command: a suffix belongs neither inside nor outside blindly
FROM debian:bookworm-slim
RUN bash -c "apt-get update && apt-get install -y less"
