# npm with a cache mount and a bind mount of the manifests; nothing is copied
FROM node:20-slim
WORKDIR /app
RUN --mount=type=bind,source=package.json,target=package.json \
    --mount=type=bind,source=package-lock.json,target=package-lock.json \
    --mount=type=cache,target=/root/.npm npm ci --omit=dev
USER node
