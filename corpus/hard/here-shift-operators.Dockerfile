# Shifts, here-strings and quoted openings: no heredoc anywhere, so the next line is an instruction
FROM debian:bookworm
SHELL ["/bin/bash", "-c"]
RUN echo $((1<<4)) > /etc/n
RUN cat <<< EOF
RUN echo "<<EOF" 'cat <<A'
