# The clean-up stands before a later install of the same RUN, which then updates again
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y less && rm -rf /var/lib/apt/lists/* \
 && apt-get update && apt-get install -y tree
