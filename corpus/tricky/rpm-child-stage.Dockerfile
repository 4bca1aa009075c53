# The child works from the metadata of the parent (-C: cache only)
FROM fedora:41 AS base
RUN dnf -y makecache && dnf -y install tar
FROM base
RUN dnf -y -C install jq
