# ADD takes heredocs too; a body that mentions an archive is not unpacked
FROM debian:bookworm-slim
ADD <<EOF /etc/list.txt
a.tar.gz
apt-get install -y b
EOF
