# COPY --chmod=644 into a folder that is not there yet gives the new folder mode 644 as well: nobody but root can enter it
FROM debian:bookworm-slim
COPY conf.ini /usr/share/demo/conf.ini
RUN chmod 644 /usr/share/demo/conf.ini
USER nobody
CMD ["cat", "/usr/share/demo/conf.ini"]
