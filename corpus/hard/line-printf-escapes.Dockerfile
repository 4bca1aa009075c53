# Backslashes of printf, sed, awk and a bash string: none is a continuation or a newline
FROM debian:bookworm
SHELL ["/bin/bash", "-c"]
RUN printf 'a\nb\tc\\n' > /etc/a && sed -i -e 's/\(a\)/\1\n/' /etc/a
RUN awk 'BEGIN { printf "\\n" }' && echo $'x\ty' "$(printf '\x41')"
