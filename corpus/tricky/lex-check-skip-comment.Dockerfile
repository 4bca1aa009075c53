# The comment above MAINTAINER switches a check off for it and must stay attached, blank line or not
FROM debian:bookworm-slim
# check=skip=MaintainerDeprecated

MAINTAINER someone
RUN apt-get update && apt-get install -y less
