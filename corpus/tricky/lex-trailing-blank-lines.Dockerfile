# Blank lines and blanks at the end of the file, and between instructions
FROM debian:bookworm-slim



RUN apt-get update
   
	
RUN apt-get install -y less   

  

