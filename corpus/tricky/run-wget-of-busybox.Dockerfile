# This wget is BusyBox's: it has few options, and there is no bash, no pipefail and no apt
FROM alpine:3.23
RUN wget -q -O /tmp/x http://localhost:1/ || echo "no server" > /etc/note
RUN cat /etc/note | wc -l
