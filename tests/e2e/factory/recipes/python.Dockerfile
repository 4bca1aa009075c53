# names: python:3.11 python:3.11-bookworm python:3 python:latest
# context: certificates
# /usr/local is a venv of Debian's Python, so that python, pip and site-packages are where the official image has them.
FROM buildpack-deps:bookworm
ENV PATH=/usr/local/bin:$PATH LANG=C.UTF-8 PYTHON_VERSION=3.11.2
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates netbase tzdata python3.11 python3.11-venv python3.11-dev python3-tk \
 && rm -rf /var/lib/apt/lists/* \
 && find /usr/lib/python3* -name __pycache__ -prune -exec rm -rf {} + \
 && export PYTHONDONTWRITEBYTECODE=1 \
 && python3.11 -m venv --system-site-packages /usr/local \
 && for program in idle pydoc; do ln -sf /usr/bin/${program}3.11 /usr/local/bin/${program}3; done \
 && rm -f /usr/local/bin/activate* /usr/local/bin/Activate.ps1 \
 && find /usr/local -name __pycache__ -prune -exec rm -rf {} +
COPY extra.crt /usr/local/share/ca-certificates/e2e-extra.crt
RUN update-ca-certificates \
 && printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n' > /etc/pip.conf
CMD ["python3"]
