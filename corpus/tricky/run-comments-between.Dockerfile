# Comments between RUNs carry reasons; joining the RUNs must not drop them
FROM debian:bookworm-slim
RUN apt-get update
# less is needed by the support people, ticket 4711
RUN apt-get install -y less

# sticky bit: do NOT change the mode
RUN chmod 1777 /srv
