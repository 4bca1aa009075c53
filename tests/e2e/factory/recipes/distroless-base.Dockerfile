# names: gcr.io/distroless/base-debian12 gcr.io/distroless/base-debian13 gcr.io/distroless/base
FROM debian:bookworm-slim AS tree
RUN apt-get update && cd /tmp && apt-get download libc6 libssl3 \
 && mkdir -p /tree/var/lib/dpkg/status.d && for archive in *.deb; do dpkg-deb -x $archive /tree; done \
 && for archive in *.deb; do dpkg-deb -f $archive > /tree/var/lib/dpkg/status.d/${archive%%_*}; done \
 && rm -rf /tree/usr/share /tree/lib/x86_64-linux-gnu/gconv /tree/usr/lib/x86_64-linux-gnu/gconv
FROM gcr.io/distroless/static-debian12
COPY --from=tree /tree/ /
