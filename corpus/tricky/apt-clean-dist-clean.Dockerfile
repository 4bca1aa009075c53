# apt-get dist-clean (new in trixie) removes the lists as well
FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends less && apt-get dist-clean
