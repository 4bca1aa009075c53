# The post-install script of the project needs its sources
FROM node:20
WORKDIR /app
COPY . .
RUN npm install --foreground-scripts
