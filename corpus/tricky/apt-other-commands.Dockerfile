# Other members of the family: apt, aptitude, apt-fast-like wrappers, a full path, an environment prefix
FROM debian:bookworm
RUN apt update && DEBIAN_FRONTEND=noninteractive apt install -y aptitude
RUN aptitude install -y less && /usr/bin/apt-get -y install tree
RUN env LC_ALL=C apt-get -y install jq && nice apt-get install -y bc && command apt-get install -y file
