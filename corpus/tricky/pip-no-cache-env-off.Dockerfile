# A value that says no, and one that holds for a single RUN only
FROM python:3.11-slim
ENV PIP_NO_CACHE_DIR=off
RUN pip install six
RUN PIP_NO_CACHE_DIR=yes pip install tabulate
RUN export PIP_CACHE_DIR=/tmp/c; pip install colorama
