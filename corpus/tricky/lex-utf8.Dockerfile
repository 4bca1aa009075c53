# Several-byte characters before the places to edit: offsets in bytes and in characters differ
FROM debian:bookworm-slim
LABEL Überschrift="größe 🐳 日本"
RUN echo "žluťoučký 🐴 kůň" && apt-get update && apt-get install -y less # ✓
