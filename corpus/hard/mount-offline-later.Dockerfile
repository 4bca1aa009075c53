# The proxy is switched off behind the download: the module cache has to be there in the later RUNs
FROM golang:1.23
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
ENV GOPROXY=off GOFLAGS=-mod=mod
COPY . .
RUN go vet ./...
RUN go build -o /out/app .
