# A doubled backslash at the line end does not continue for BuildKit (other builders go on): hands off that line
FROM debian:bookworm-slim
RUN echo one \\
RUN apt-get update && apt-get install -y less
