# Form feed and vertical tab count as white space between words, not as line ends
FROM debian:bookworm-slim

RUNapt-get update
RUN apt-get install -y less
