# names: nginx:1.22 nginx:stable nginx:latest
FROM debian:bookworm-slim
ENV NGINX_VERSION=1.22.1
RUN apt-get update && apt-get install -y --no-install-recommends nginx-light ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && ln -sf /dev/stdout /var/log/nginx/access.log && ln -sf /dev/stderr /var/log/nginx/error.log \
 && rm -f /etc/nginx/sites-enabled/default \
 && printf 'server { listen 80; location / { root /usr/share/nginx/html; index index.html; } }\n' > /etc/nginx/conf.d/default.conf
EXPOSE 80
STOPSIGNAL SIGQUIT
CMD ["nginx", "-g", "daemon off;"]
