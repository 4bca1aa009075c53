# The shell expands the star and the tilde
FROM debian:bookworm-slim
ENTRYPOINT serve /etc/serve.d/*.conf ~/extra
