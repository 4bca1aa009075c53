# No user, no health check, no label, no slim base: none of them is asked for
FROM python:3.11
COPY app.py /app.py
CMD ["python", "/app.py"]
