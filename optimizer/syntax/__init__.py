"""The lossless tree of a Dockerfile: text in, tree out, and the same text back. No I/O, no opinions."""
