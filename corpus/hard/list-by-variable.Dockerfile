# Words that become several words
FROM debian:bookworm-slim
ARG PACKAGES="git jq"
COPY list /tmp/list
RUN apt-get update && apt-get install -y --no-install-recommends $PACKAGES ${EXTRA:-less} $(cat /tmp/list)
RUN make with $PACKAGES
