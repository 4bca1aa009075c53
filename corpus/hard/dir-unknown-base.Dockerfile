# Where an unknown base begins is not known
FROM registry.example.com/team/base:1
WORKDIR app
COPY a.txt .
