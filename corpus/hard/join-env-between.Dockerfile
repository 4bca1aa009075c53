# ENV between the RUNs: the first must not see it
FROM debian:bookworm-slim
RUN make first
ENV MODE=release
RUN make second
