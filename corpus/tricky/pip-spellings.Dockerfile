# pip in its many forms: each is an install, and each has its own place for an option
FROM python:3.11
RUN python -m pip install six && python3.11 -m pip --quiet install tabulate
RUN pip3 install -U pip setuptools && /usr/local/bin/pip install colorama
RUN python -m venv /opt/v && /opt/v/bin/pip install idna && . /opt/v/bin/activate && pip install toml
RUN pip install --no-cache-dir six; pip --no-cache-dir install six; PIP_NO_INPUT=1 pip install six
