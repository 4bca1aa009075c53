# An ini file with semicolons in values and Markdown with two blanks at a line end: not to be reformatted
FROM debian:bookworm-slim
COPY <<EOF /etc/app.ini
dsn = host=db;dbname=x
; a comment
motto = "a;b"
EOF
COPY <<EOF /etc/motd.md
first line  
second line
EOF
