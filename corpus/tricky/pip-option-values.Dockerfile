# Options with values: -f, -c, -t, -e, --proxy; the words behind them are no packages
FROM python:3.11-slim
COPY . /src
RUN pip install -f https://wheels.example.com/simple b-tool a-tool --proxy http://proxy.example.com:3128 || true
RUN pip install -t /opt/libs -c /src/constraints.txt 'six>=1.15,<2' && pip install -e /src --no-deps
