# The instruction word itself is continued; so is the flag
FROM debian:bookworm-slim
RU\
N apt-get update && apt-get install -y less
COPY --chm\
od=644 a.txt /srv/
