# Files of root and files of the user: who makes them is the point
FROM debian:bookworm-slim
RUN useradd app && install -d -o app /srv
RUN touch /srv/as-root
USER app
RUN touch /srv/as-app
USER root
RUN touch /srv/again
