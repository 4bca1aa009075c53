# yarn and pnpm: options with values, and a clean-up that is wanted
FROM node:20
WORKDIR /app
COPY package.json yarn.lock ./
RUN yarn install --production && yarn cache clean
RUN corepack enable; pnpm --filter web install; yarn --cwd tools add ms --force; yarn global add serve
