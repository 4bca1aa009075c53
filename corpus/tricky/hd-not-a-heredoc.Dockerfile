# None of these opens a heredoc: quoted, here-string, shift, CMD
FROM debian:bookworm
SHELL ["/bin/bash", "-c"]
RUN echo "<<EOF" '<<EOF' && apt-get update && apt-get install -y less
RUN cat <<< EOF
RUN echo $((1<<3))
CMD cat <<EOF
