# A login shell reads a profile before the command; plain words are not enough to leave it
FROM debian:bookworm
SHELL ["/bin/bash", "-lc"]
CMD serve --all
