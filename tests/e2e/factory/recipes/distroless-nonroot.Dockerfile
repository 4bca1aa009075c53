# names: gcr.io/distroless/static-debian12:nonroot gcr.io/distroless/static:nonroot
FROM gcr.io/distroless/static-debian12
USER 65532
WORKDIR /home/nonroot
