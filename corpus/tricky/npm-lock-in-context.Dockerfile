# The lock file comes with a glob; the postinstall script needs the sources, so an early install would break
FROM node:20-slim
WORKDIR /app
COPY . .
RUN npm install && echo "npm install" > note && npm cache clean --force
