# ONBUILD with flags, lower case and a continuation; the next stage sets the triggers off
FROM debian:bookworm-slim AS parent
onbuild run --mount=type=tmpfs,target=/scratch apt-get update && \
    # a comment inside the trigger
    apt-get install -y less
ONBUILD COPY --chmod=600 a.txt /srv/
FROM parent
RUN less --version | head -n 1
