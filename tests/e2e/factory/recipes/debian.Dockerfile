# names: debian:bookworm debian:12 debian:latest
# context: rootfs-full
FROM scratch
ADD rootfs.tar /
CMD ["bash"]
