# names: alpine:3.23 alpine:3 alpine:latest
# context: alpine
# A real Alpine; its repository is a small one of stubs in the image, since Alpine's own cannot be had.
FROM scratch AS full
ADD rootfs.tar /
RUN apk del --no-network --no-scripts linux-virt openrc busybox-openrc curl dhcpcd e2fsprogs-extra cloud-utils-growpart sudo mkinitfs \
 ca-certificates >/dev/null 2>&1; \
 rm -rf /boot /lib/modules /var/cache/apk/* /var/log/* /etc/init.d /etc/conf.d /etc/runlevels; apk info
FROM full AS stubs
COPY e2e.rsa e2e.rsa.pub /
RUN cp /e2e.rsa.pub /etc/apk/keys/ && mkdir -p /repository/x86_64 && cd /repository/x86_64 \
 && for name in bash build-base ca-certificates cargo coreutils curl g++ gcc git jq libffi-dev linux-headers make musl-dev nodejs npm \
  openssh-client openssl openssl-dev postgresql-client postgresql-dev py3-pip python3 python3-dev rust su-exec tini tzdata wget zlib-dev; do \
  rm -rf /stub && mkdir -p /stub/usr/bin /stub/usr/share/stubs && echo "a stub of $name" > /stub/usr/share/stubs/$name \
  && { [ -e /usr/bin/$name ] || printf '#!/bin/sh\necho "%s (stub) $*"\n' $name > /stub/usr/bin/$name; } \
  && chmod 755 /stub/usr/bin/* 2>/dev/null; \
  apk mkpkg --info name:$name --info version:1.0-r0 --info arch:x86_64 --info "description:stub of $name" --info license:MIT \
  --files /stub --sign-key /e2e.rsa --output $name-1.0-r0.apk || exit 1; done \
 && apk mkndx --sign-key /e2e.rsa --output Packages.adb *.apk
FROM scratch
COPY --from=full / /
COPY --from=stubs /etc/apk/keys/ /etc/apk/keys/
COPY --from=stubs /repository /usr/share/e2e-repository
RUN echo /usr/share/e2e-repository/x86_64/Packages.adb > /etc/apk/repositories
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
CMD ["/bin/sh"]
