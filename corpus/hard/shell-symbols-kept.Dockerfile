# Flags that are there, a debugger's build and a profiler's: nothing to strip
FROM golang:1.23
WORKDIR /src
COPY . .
RUN go build -trimpath -ldflags="-s -w -X main.version=1" -o /out/app .
RUN gcc -g -O0 -o /out/dbg dbg.c
RUN cargo build --profile profiling
