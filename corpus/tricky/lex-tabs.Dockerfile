# Tabs after the keyword, between words, before comments and at line ends
FROM	debian:bookworm-slim
RUN	apt-get update	\
	&&	apt-get	install	-y	less	\	
	# a comment behind a tab
	&&	rm	-rf	/var/lib/apt/lists/*
	COPY	a.txt	/srv/	
