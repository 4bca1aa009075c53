# These installs must not become npm ci: global, named packages, another folder, no lock file copied
FROM node:20-slim
WORKDIR /app
RUN npm install -g serve@14 && npm i ms@2.1.3
COPY package.json .
RUN npm install --prefix /opt/tool kleur@4 && npm install --omit=dev
