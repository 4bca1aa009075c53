# escape=`
# A byte order mark, a directive, and a path that ends in a backslash
FROM debian:bookworm-slim
RUN echo one && `
    echo C:\temp\
RUN echo three
