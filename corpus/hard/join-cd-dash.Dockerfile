# `cd -` and a cd that may fail: only the RUN itself may know where it stands
FROM debian:bookworm-slim
WORKDIR /srv
RUN cd /src && ./configure && cd - && touch back
RUN cd /nowhere || ls > /list
