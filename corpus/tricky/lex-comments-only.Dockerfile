# Nothing but comments

# RUN apt-get update
