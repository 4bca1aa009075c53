# ARGs in a row before and after FROM; joined in one line the second default would still see the first, but not in ENV
ARG REGISTRY=docker.io/library
ARG IMAGE=$REGISTRY/debian
ARG TAG=bookworm-slim
FROM ${IMAGE}:${TAG}
ARG A=1
ARG B=$A
ENV C=$B D=$C
RUN echo "$A $B $C [$D]" > /etc/abcd
