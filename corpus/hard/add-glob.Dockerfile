# Globs that an archive may match
FROM debian:bookworm-slim
ADD dist/* /opt/
ADD *.t?z /srv/
ADD vendor /opt/vendor
