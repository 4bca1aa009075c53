# Checks that are nothing but checks: their failure is the point
FROM debian:bookworm-slim
ARG TOKEN=x
RUN test -x /usr/bin/tool
RUN [ -n "$TOKEN" ]
RUN echo fine
