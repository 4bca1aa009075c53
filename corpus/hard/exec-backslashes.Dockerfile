# Escaped blanks and dollars: not to be split at white space
FROM debian:bookworm-slim
CMD serve a\ b 'c d' \$HOME
