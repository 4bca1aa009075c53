# Author of the parent, author of the child
FROM debian:bookworm-slim AS base
MAINTAINER Parent
FROM base
MAINTAINER Child
