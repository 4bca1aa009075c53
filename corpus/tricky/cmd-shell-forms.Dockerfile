# Shell forms that cannot become JSON: environment prefix, glob, variable, &&, exec, redirection; the last one counts
FROM debian:bookworm-slim AS a
CMD FOO=bar env
FROM debian:bookworm-slim AS b
CMD ls /etc/*.conf ~
FROM debian:bookworm-slim AS c
ENTRYPOINT exec sleep ${SECONDS_TO_SLEEP:-5} > /tmp/log
FROM debian:bookworm-slim
SHELL ["/bin/bash", "-c"]
CMD cd /srv && echo {1..3}
