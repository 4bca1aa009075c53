# A removal with a glob and one with find; the last step reads the same folder
FROM debian:bookworm-slim
RUN make install
RUN find /usr/share/locale -mindepth 1 -maxdepth 1 ! -name 'de*' -exec rm -rf {} + && rm -f /usr/share/doc/*/changelog*
RUN make check-locales
