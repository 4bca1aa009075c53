# Backslashes that are no continuations: in printf formats, in sed, at the end of a quoted word
FROM debian:bookworm-slim
RUN printf 'a\tb\n' > /etc/tab && sed -i 's/\t/\n/' /etc/tab && echo 'x\\' >> /etc/tab
RUN apt-get update && apt-get install -y less
