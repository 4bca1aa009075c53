# syntax=docker/dockerfile:1
# Two files in one COPY with flags, the second with tabs and a quoted name
FROM debian:bookworm-slim
COPY --chmod=0755 --chown=1000:1000 <<A <<-"B" /usr/local/bin/
#!/bin/sh
exec one "$@"
A
	#!/bin/sh
	exec two "$@"
	B
CMD ["A"]
