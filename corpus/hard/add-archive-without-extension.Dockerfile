# An archive needs no extension to be unpacked
FROM scratch
ADD rootfs /
ADD notes.txt /notes.txt
