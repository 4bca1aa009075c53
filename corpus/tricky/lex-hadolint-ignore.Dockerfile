# A switch for another linter belongs to the RUN below it; it says which finding the author accepts
FROM debian:bookworm-slim
# hadolint ignore=DL3008,DL3009 # the lists are wanted in the image
RUN apt-get update && apt-get install -y less
# hadolint ignore=DL3015
RUN apt-get install -y tree
