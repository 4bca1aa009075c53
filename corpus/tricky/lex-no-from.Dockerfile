# A fragment without FROM, meant to be glued behind another file
RUN apt-get update
RUN apt-get install -y less
