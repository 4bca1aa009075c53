# Text behind the closing bracket turns the JSON form silently into the shell form
FROM debian:bookworm-slim
RUN ["apt-get", "update"] && apt-get install -y less
CMD ["sleep", "5"] # seconds
