# The COPY between two RUNs overwrites what the first one made
FROM debian:bookworm-slim
WORKDIR /srv
RUN make prepare
COPY settings.ini settings.ini
RUN make use-settings
