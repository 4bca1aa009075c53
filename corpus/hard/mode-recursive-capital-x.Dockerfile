# X gives x only to folders and to what has it already
FROM debian:bookworm-slim
COPY site/ /srv/
RUN chmod -R u=rwX,go=rX /srv
