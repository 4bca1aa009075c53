# The clean-up hides behind variables and a function
FROM debian:bookworm-slim
ENV LISTS=/var/lib/apt/lists
RUN clean() { apt-get clean; rm -rf "${LISTS:?}"/*; }; apt-get update && apt-get install -y less && clean
