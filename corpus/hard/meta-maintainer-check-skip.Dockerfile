# A switch of BuildKit's above MAINTAINER
FROM debian:bookworm-slim
# check=skip=MaintainerDeprecated
MAINTAINER Ada
RUN make
