# syntax=docker/dockerfile:1
# Python and Perl bodies that hold words of shell and Dockerfile
FROM python:3.11-slim
RUN <<PY python3
# apt-get install -y less
RUN = "cd /tmp && pip install six"
PY
RUN perl <<'PL'
print "FROM x\n" if $ENV{HOME};
PL
