# Names with blanks need the JSON form; quotes in the plain form are part of a name until expansion
FROM debian:bookworm-slim
COPY ["a file.txt", "/srv/a file.txt"]
COPY ["src/", "/srv/src/"]
COPY "b.txt" '/srv/'
