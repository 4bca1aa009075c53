# <<- strips leading tabs from body and terminator; blanks stay
FROM debian:bookworm-slim
RUN <<-EOF
	apt-get update
	  apt-get install -y less
	EOF
COPY <<-EOF /etc/conf
	key = 1
	    nested = 2
	EOF
