# An upgrade, pinned versions, an old base: decisions of the author
FROM debian:11
RUN apt-get update && apt-get upgrade -y && apt-get install -y --no-install-recommends less=590-2.1 python3-pip
RUN pip install six==1.16.0
