# The chmod reaches a file that another step made, and a glob reaches who knows what
FROM debian:bookworm-slim
RUN make /usr/local/bin/two
COPY one /usr/local/bin/one
RUN chmod 755 /usr/local/bin/one /usr/local/bin/two
COPY libexec/ /usr/libexec/ours/
RUN chmod 755 /usr/libexec/ours/*.sh
