# names: gcr.io/distroless/static-debian12 gcr.io/distroless/static-debian13 gcr.io/distroless/static
FROM debian:bookworm-slim AS tree
RUN apt-get update && cd /tmp && apt-get download base-files ca-certificates netbase tzdata \
 && mkdir -p /tree && for archive in *.deb; do dpkg-deb -x $archive /tree; done \
 && mkdir -p /tree/etc/ssl/certs /tree/home/nonroot /tree/root /tree/tmp /tree/var/lib/dpkg/status.d && chmod 1777 /tree/tmp \
 && for archive in *.deb; do dpkg-deb -f $archive > /tree/var/lib/dpkg/status.d/${archive%%_*}; done \
 && find /tree/usr/share/ca-certificates -name '*.crt' | sort | xargs cat > /tree/etc/ssl/certs/ca-certificates.crt \
 && rm -rf /tree/usr/share/doc /tree/usr/share/ca-certificates /tree/usr/sbin /tree/bin /tree/usr/bin \
 && printf 'root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n' > /tree/etc/passwd \
 && printf 'nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n' >> /tree/etc/passwd \
 && printf 'root:x:0:\nnobody:x:65534:\ntty:x:5:\nstaff:x:50:\nnonroot:x:65532:\n' > /tree/etc/group \
 && chown 65532:65532 /tree/home/nonroot && chmod 700 /tree/home/nonroot
FROM scratch
COPY --from=tree /tree/ /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
WORKDIR /
