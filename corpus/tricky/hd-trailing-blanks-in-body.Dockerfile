# Trailing blanks, tabs and empty lines of a body are content
FROM debian:bookworm-slim
COPY <<EOF /etc/table
a  
b	

  
EOF
RUN apt-get update && apt-get install -y less
