# pip writes to a folder that is packed afterwards
FROM python:3.11
RUN pip install --no-cache-dir --target /var/task six
RUN cp -r /var/task /srv/task
