# All the ways to say yes: none of these needs another -y
FROM debian:bookworm-slim
RUN apt-get update -qq && apt-get install -qqy less && apt-get install --assume-yes tree
RUN apt-get -qq install jq && apt-get install -yq file && apt-get install bc -y
RUN apt-get install --force-yes make || apt-get -y install make
