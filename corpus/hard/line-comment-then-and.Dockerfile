# The shape of official images: a comment block and `&&` at the start of the next line
FROM debian:bookworm-slim
RUN make configure \
# first this
# then that
	&& make -j4 \
	\
	&& make install
