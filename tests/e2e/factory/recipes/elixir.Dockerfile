# names: hexpm/elixir:1.14.0-erlang-25.2.3-debian-bookworm-20241016-slim
FROM debian:bookworm
RUN apt-get update && apt-get install -y --no-install-recommends elixir erlang-dev erlang-crypto erlang-ssl \
    erlang-public-key erlang-asn1 erlang-tools erlang-parsetools erlang-eunit ca-certificates netbase \
 && rm -rf /var/lib/apt/lists/*
ENV LANG=C.UTF-8
CMD ["iex"]
