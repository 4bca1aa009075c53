# A user that exists, one that does not, numbers; WORKDIR makes folders as root and joins relative paths
FROM node:20-slim
WORKDIR /srv
WORKDIR app
USER node
WORKDIR cache
COPY --chown=node:node a.txt .
USER 1000:1000
RUN id -u > /tmp/id
