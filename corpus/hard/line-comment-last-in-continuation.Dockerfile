# Neither the comment nor the blank line ends the instruction: the next RUN is a word of it
FROM debian:bookworm-slim
RUN make one && \
    make two \
    # not the end

RUN make three
RUN make four
