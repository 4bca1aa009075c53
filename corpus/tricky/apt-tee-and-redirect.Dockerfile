# Redirections and pipes behind the install: the place for one more option is not the end of the line
FROM debian:bookworm-slim
RUN apt-get update > /dev/null && apt-get install less -y 2>&1 >/var/log/install.log | tee /var/log/err.log
RUN apt-get install tree -y </dev/null >>/var/log/install.log 2>&1 && >/dev/null apt-get install -y jq
