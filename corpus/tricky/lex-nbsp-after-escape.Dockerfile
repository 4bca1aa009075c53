# A no-break space behind the backslash: no continuation, so the next line is an instruction
FROM debian:bookworm-slim
RUN echo one \ 
RUN apt-get update && apt-get install -y less
