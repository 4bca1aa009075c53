# Installs in subshells, in sh -c strings, behind eval and xargs, in a command substitution
FROM debian:bookworm-slim
RUN (apt-get update; apt-get install -y less)
RUN sh -c "apt-get install -y tree" && bash -c 'apt-get install -y jq && rm -rf /var/lib/apt/lists/*'
RUN apt-get update; eval "apt-get install -y file"; out=$(apt-get install -y bc 2>&1) || echo "$out"
