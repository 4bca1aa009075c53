# There is a label of that name already, by other people; the last one of a key wins
FROM debian:bookworm-slim
LABEL maintainer="team@example.com"
MAINTAINER Ada
RUN make
