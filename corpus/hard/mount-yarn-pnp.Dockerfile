# Plug'n'Play: the application runs out of yarn's cache
FROM node:20
WORKDIR /app
COPY package.json yarn.lock .yarnrc.yml ./
COPY .yarn .yarn
COPY .pnp.cjs .pnp.cjs
RUN corepack yarn install --immutable
CMD ["yarn", "node", "main.js"]
