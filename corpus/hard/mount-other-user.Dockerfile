# The installs run as a user who cannot write to /root
FROM node:20
USER node
WORKDIR /home/node/app
COPY --chown=node package.json package-lock.json ./
RUN npm ci
RUN pip install --user six
