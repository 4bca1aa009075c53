# Only package.json is copied: there is no lock file for npm ci
FROM node:20
WORKDIR /app
COPY package.json .
RUN npm install
COPY src src
