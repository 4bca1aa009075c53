# The lists are what this image is about
FROM debian:bookworm-slim
RUN apt-get update
RUN apt-get indextargets > /srv/targets && grep-dctrl -P less /var/lib/apt/lists/*_Packages > /srv/less
