# None of these is an install of the lock file
FROM node:20
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm install -g pnpm@9 && npm i express@4 && npm install ./local.tgz && npm install --prefix tools
