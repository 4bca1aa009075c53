# Escapes and quotes of a legacy value are read as in the other form
FROM debian:bookworm-slim
ENV A a\ b
ENV B \$HOME
ENV C x\"y
ENV D 'C:\dir'
RUN make
