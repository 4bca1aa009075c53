# cat > file from a quoted heredoc: turning it into an unquoted COPY <<EOF would expand $@ and $HOME at build time
FROM debian:bookworm-slim
RUN <<'EOF' cat > /usr/local/bin/wrap
#!/bin/sh
cd "$HOME" && exec "$@"
EOF
RUN chmod 755 /usr/local/bin/wrap
