# A trailing comma makes shell form of it; blanks inside the brackets do not
FROM debian:bookworm-slim
ENTRYPOINT [ "tini" , "--" ]
CMD ["serve", "--all",]
