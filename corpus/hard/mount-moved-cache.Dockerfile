# The caches are moved by the environment, an option, and an assignment
FROM python:3.11
ENV PIP_CACHE_DIR=/cache/pip npm_config_cache=/cache/npm
RUN pip install six
RUN npm install -g serve@14
RUN GOMODCACHE=/cache/go go install example.com/tool@v1
RUN pip install --cache-dir /elsewhere tabulate
