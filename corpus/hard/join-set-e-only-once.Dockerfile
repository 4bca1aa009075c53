# `set -e` rules the first RUN; the list of the second may fail on purpose
FROM debian:bookworm-slim
RUN set -e; make needed; make other
RUN make optional; true
