# Relative WORKDIRs hang on each other
FROM debian:bookworm-slim
WORKDIR /srv
WORKDIR app
RUN pwd
WORKDIR ./sub
COPY a.txt a.txt
