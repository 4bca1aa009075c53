# A status is saved and given back at the end: what is appended never runs, what stands before decides
FROM debian:bookworm-slim
RUN make test; status=$?; cat log; test $status = 0 || exit 1
RUN make install
