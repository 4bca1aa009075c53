# exec with redirects only: the rest of this RUN writes to the log, the next RUN does not
FROM debian:bookworm-slim
RUN exec > /var/log/build.log 2>&1; make
RUN make docs
