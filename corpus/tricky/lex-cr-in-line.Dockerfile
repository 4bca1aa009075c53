# A lone carriage return inside a line is an ordinary character
FROM debian:bookworm-slim
RUN printf "50%%100%%\n" > /etc/progress
RUN apt-get update && apt-get install -y less
