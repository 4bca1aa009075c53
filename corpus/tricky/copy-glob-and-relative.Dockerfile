# Wildcards flatten folders, a relative destination hangs on WORKDIR, a last slash decides between file and folder
FROM debian:bookworm-slim
WORKDIR app
COPY packages/*/package.json ./packages/
COPY conf? etc
WORKDIR ../other
COPY . .
RUN pwd > where
