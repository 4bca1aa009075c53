# escape=`
# The escape character is the backtick; a backslash at a line end is an ordinary character
FROM debian:bookworm-slim
RUN apt-get update `
 && apt-get install -y less `
 && echo C:\
RUN echo second
