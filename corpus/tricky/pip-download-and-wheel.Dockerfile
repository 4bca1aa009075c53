# download, wheel and cache are other commands of pip; the wheels are wanted, and the cache is looked at
FROM python:3.11-slim AS wheels
RUN pip download -d /wheels six && pip wheel -w /wheels tabulate
RUN pip cache dir && pip install six
FROM python:3.11-slim
COPY --from=wheels /wheels /wheels
RUN pip install --no-index --find-links=/wheels six tabulate && rm -rf /wheels
