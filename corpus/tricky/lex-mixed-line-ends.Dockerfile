# Mixed line ends: each line keeps its own
FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y \
    less \
    tree
RUN echo end
