# /tmp holds what the application wants
FROM debian:bookworm-slim
COPY seed.sql /tmp/seed.sql
RUN load-seed /tmp/seed.sql > /tmp/loaded
CMD ["serve", "--seed", "/tmp/seed.sql"]
