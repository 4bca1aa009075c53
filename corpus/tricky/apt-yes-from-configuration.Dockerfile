# -y and no recommended packages come from a configuration file
FROM debian:bookworm-slim
RUN printf 'APT::Get::Assume-Yes "true";\nAPT::Install-Recommends "false";\n' > /etc/apt/apt.conf.d/99mine
RUN apt-get update && apt-get install less
