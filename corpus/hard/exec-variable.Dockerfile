# A variable and a quoted argument
FROM debian:bookworm-slim
ENV PORT=80
CMD serve --port $PORT --name "the demo"
