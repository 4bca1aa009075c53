# An alias and `hash -p` must not reach the next RUN
FROM fedora:41
RUN alias ls='ls -a'; ls /opt
RUN ls /srv
