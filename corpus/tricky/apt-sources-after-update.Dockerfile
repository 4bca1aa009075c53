# The sources change after the first update: the second one is needed
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y ca-certificates
RUN echo 'deb [trusted=yes] file:/srv/repo ./' > /etc/apt/sources.list.d/local.list
COPY repo/ /srv/repo/
RUN apt-get update && apt-get install -y our-tool
