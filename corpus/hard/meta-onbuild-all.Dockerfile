# All sorts of triggers: none of them is an instruction of this build
FROM debian:bookworm-slim
ONBUILD MAINTAINER Ada
ONBUILD ENV a b c
ONBUILD WORKDIR app
ONBUILD ADD . .
ONBUILD RUN cd x && make
ONBUILD CMD serve
