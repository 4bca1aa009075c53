# Switches of other tools: global, per instruction, and inside a continuation; all stay where they are
# hadolint global ignore=DL3059
FROM debian:bookworm-slim
# dockerfmt-ignore
RUN apt-get update   &&   apt-get install -y    less
# tally ignore=prefer-run-heredoc
RUN echo one && \
    # shellcheck disable=SC2086
    echo $HOME
