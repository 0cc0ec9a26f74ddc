# One image for every process of the service: web, worker, dispatcher, scheduler. See docs/deploy.md.

FROM python:3.13-slim-bookworm AS build
ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_PYTHON_DOWNLOADS=never
RUN pip install --no-cache-dir "uv==0.13.9"
WORKDIR /app
# The dependencies change seldom: a layer of their own keeps rebuilding short. The embedded servers are left out.
COPY pyproject.toml uv.lock ./
RUN uv sync --locked --no-install-project --no-default-groups
COPY matching matching
COPY backend backend
COPY frontend_templates frontend_templates
# These values only let the settings load; nothing signed with them leaves this step.
RUN DJANGO_SETTINGS_MODULE=backend.config.settings.production ALLOWED_HOSTS=localhost SMTP_URL=smtp://localhost \
    SECRET_KEY=only-for-collecting-the-static-files-0123456789 \
    .venv/bin/python -m backend.manage collectstatic --noinput

FROM python:3.13-slim-bookworm
ENV DJANGO_SETTINGS_MODULE=backend.config.settings.production \
    PATH=/app/.venv/bin:$PATH \
    PORT=8000 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin praktiknavet
WORKDIR /app
COPY --from=build /app /app
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-m", "backend.ops.healthcheck"]
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "4", "--respawn-failed-workers", "--no-ws", "backend.config.wsgi:application"]
