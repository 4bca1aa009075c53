# A sourced profile sets PATH for its own RUN only
FROM debian:bookworm-slim
RUN . /opt/nvm/nvm.sh && nvm install 20
RUN node --version || echo "none" > /etc/node
