# -k and -f mean something else in each, and http stays http
FROM buildpack-deps:bookworm
RUN sort -k 2 list > sorted && tar -x -k -f a.tar && grep -f list sorted
RUN curl -fkL http://files.example.com/a -o a && wget http://localhost/b
