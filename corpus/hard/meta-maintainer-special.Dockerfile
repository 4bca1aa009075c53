# Every character that is special in a label
FROM debian:bookworm-slim
MAINTAINER "A" <a@example.com>; $USER `id` \ 100% = yes
RUN make
