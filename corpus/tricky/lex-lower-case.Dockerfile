# Lower and mixed case keywords
from debian:bookworm-slim as base
run apt-get update
run apt-get install -y less
Env A=1
froM base
copy --from=base /etc/debian_version /srv/
cmd ["less"]
