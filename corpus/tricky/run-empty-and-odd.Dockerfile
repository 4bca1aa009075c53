# RUNs that do next to nothing
FROM debian:bookworm-slim
RUN
RUN :
RUN true && \
    true
