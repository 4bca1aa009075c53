# BusyBox's wget has few options
FROM alpine:3.23
RUN wget -q -O /tmp/a https://files.example.com/a && sha256sum /tmp/a
