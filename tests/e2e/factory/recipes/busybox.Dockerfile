# names: busybox:1.35 busybox:latest busybox:stable
# context: busybox
FROM debian:bookworm-slim AS tree
COPY busybox /tree/bin/busybox
RUN for name in $(/tree/bin/busybox --list); do [ $name = busybox ] || ln -s busybox /tree/bin/$name; done \
 && mkdir -p -m 1777 /tree/tmp && mkdir -p /tree/etc /tree/root /tree/home /tree/var/www /tree/dev /tree/usr/sbin \
 && printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n' > /tree/etc/passwd \
 && printf 'root:x:0:\nnobody:x:65534:\n' > /tree/etc/group
FROM scratch
COPY --from=tree /tree/ /
CMD ["sh"]
