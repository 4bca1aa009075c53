# pip install in quoted text and in comments of the shell
FROM python:3.11-slim
RUN echo "use pip install six" > /etc/hint && pip install six # or pip install --user six
RUN python -c "print('pip install tabulate')"
