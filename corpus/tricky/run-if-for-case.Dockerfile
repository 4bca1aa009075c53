# Installs inside if, for, while and case bodies
FROM debian:bookworm-slim
RUN if [ ! -e /usr/bin/less ]; then apt-get update && apt-get install -y less; fi
RUN for p in tree jq; do apt-get install -y $p || exit 1; done
RUN case "$(uname -m)" in x86_64) apt-get install -y file ;; *) echo "no file" ;; esac
RUN printf 'bc\n' | while read -r p; do apt-get install -y "$p"; done
