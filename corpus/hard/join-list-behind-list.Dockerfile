# Joined as `x && a; b` the failure of x no longer stops the build
FROM debian:bookworm-slim
RUN ./check-licence
RUN make docs; make
