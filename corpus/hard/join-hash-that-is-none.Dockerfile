# These hash signs begin no comment
FROM debian:bookworm-slim
RUN git-fetch https://git.example.com/repo.git#v1 && echo '# not' && echo ${LIST#x}
RUN echo after
