# A comment per package; each belongs to the package under it
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends \
    # the pager of the help screens
    less \
    # shows folders
    tree \
    # last one, do not sort
    jq
