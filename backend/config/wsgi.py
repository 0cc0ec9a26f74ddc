"""The WSGI entry point that granian serves."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings.production")

application = get_wsgi_application()

# Every page is loaded now instead of by the first visitor. What is loaded stays until the process ends: looking through it
# for garbage held up one page of a hundred for a tenth of a second.
get_resolver().url_patterns  # noqa: B018
gc.collect()
gc.freeze()
