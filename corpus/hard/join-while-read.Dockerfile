# A loop that reads its list from a file, and one with break
FROM debian:bookworm-slim
COPY list.txt /tmp/
RUN while read -r name; do install-one "$name" || exit 1; done < /tmp/list.txt
RUN for i in 1 2 3; do try-it && break; sleep 1; done; echo all
