# `a || b` in front and behind: neither may take over the other's failure
FROM debian:bookworm-slim
RUN make fast || make slow
RUN make end
RUN make extras || echo "no extras"
