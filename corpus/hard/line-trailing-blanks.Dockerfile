# Blanks at the ends of lines, some behind the escape character
FROM debian:bookworm-slim
ENV A=1   
RUN make one \  
 && make two	
