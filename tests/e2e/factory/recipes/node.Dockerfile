# names: node:20 node:20-bookworm node:lts node:latest
# context: node
FROM buildpack-deps:bookworm
RUN groupadd --gid 1000 node && useradd --uid 1000 --gid node --shell /bin/bash --create-home node
ENV NODE_VERSION=20.20.2 YARN_VERSION=1.22.22
COPY bundle.crt /etc/ssl/e2e-bundle.crt
COPY opt /opt
COPY usr /usr
RUN node --version && npm --version && yarn --version && rm -rf /tmp/* /root/.npm
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["node"]
