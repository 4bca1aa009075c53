# names: gcc:12 gcc:12-bookworm gcc:latest
FROM buildpack-deps:bookworm
RUN apt-get update && apt-get install -y --no-install-recommends gfortran && rm -rf /var/lib/apt/lists/* && gcc --version
