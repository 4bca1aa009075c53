# Many places to edit, one above the other: each must land where it belongs
FROM alpine:3.23 AS tools
MAINTAINER Ada
RUN apk add curl \
    bash
FROM alpine:3.23
MAINTAINER Ada
ENV A b
RUN apk add --no-cache \
    ppp \
    pptpclient
COPY --from=tools /pptp.sh /entry.sh
RUN wget -q https://files.example.com/b
RUN apk add curl
CMD ["/entry.sh"]
