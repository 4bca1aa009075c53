# Development packages are there for the build and go by prune
FROM node:20
WORKDIR /app
COPY . .
RUN npm ci
RUN npm run build
RUN npm prune --omit=dev
CMD ["node", "dist/main.js"]
