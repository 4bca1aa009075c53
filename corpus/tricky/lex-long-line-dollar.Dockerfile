# Dollar signs of all sorts: the builder expands none of them in RUN, all of them in ENV
FROM debian:bookworm-slim
ENV P=$PATH Q=\$PATH R='$PATH' S=${UNSET:-less}
RUN apt-get update && apt-get install -y ${S} "$S" `echo tree` $(echo jq)
RUN echo $$ $? ${S%s} ${S#l} $((1+2)) > /etc/answers
