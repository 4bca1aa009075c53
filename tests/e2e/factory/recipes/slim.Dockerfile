# names: debian:bookworm-slim debian:12-slim debian:stable-slim
# context: rootfs-slim
FROM scratch
ADD rootfs.tar /
CMD ["bash"]
