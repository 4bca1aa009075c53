# Volatile arguments at the top; one is read by a RUN, both by labels
FROM debian:bookworm-slim
ARG BUILD_DATE=today
ARG VCS_REF=main
LABEL org.opencontainers.image.created=$BUILD_DATE
RUN make deps
RUN echo $VCS_REF > /etc/ref
LABEL org.opencontainers.image.revision=$VCS_REF
