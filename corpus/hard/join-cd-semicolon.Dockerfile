# `cd x; make`: when the folder is missing make runs where it stands, and the build goes on
FROM debian:bookworm-slim
RUN cd /opt/missing; make install
RUN ls
