# Blanks and tabs behind the escape character still continue the line
FROM debian:bookworm-slim
RUN apt-get update \   
 && apt-get install -y \	 
    less \ 
 && rm -rf /var/lib/apt/lists/*
USER nobody   
