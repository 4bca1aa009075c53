# A group moves the shell, a subshell does not; the next RUN begins anew in either case
FROM debian:bookworm-slim
RUN { cd /a; touch here; }
RUN (cd /b && true) && touch there
RUN pwd
