# Installs that are only text: nothing to add -y or a clean-up to
FROM debian:bookworm-slim
RUN echo "apt-get update && apt-get install less" > /etc/hint
RUN printf '%s\n' 'apt-get install tree' >> /etc/hint; echo apt-get install jq >> /etc/hint
RUN grep -c "apt-get install" /etc/hint || true
LABEL help="apt-get install less"
