# A lone backslash as a spacer between groups of packages; moving words around it can leave `\ ` as a package name
FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y \
        tree \
        \
        less \
        jq \
    && rm -rf /var/lib/apt/lists/*
