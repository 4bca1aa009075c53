# A child stage installs without an update: the lists must stay in the parent stage, or the child's update must be added
FROM debian:bookworm-slim AS base
RUN apt-get update && apt-get install -y less
FROM base AS child
RUN apt-get install -y tree
FROM base
RUN apt-get install -y jq && rm -rf /var/lib/apt/lists/*
