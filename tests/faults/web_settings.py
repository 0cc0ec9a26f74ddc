"""Production, behind no proxy and with static files that nobody collected: for the web process of the fault tests."""

from django.conf import global_settings

from backend.config.settings.production import *  # noqa: F403

SECURE_SSL_REDIRECT = False
STORAGES = global_settings.STORAGES
WHITENOISE_AUTOREFRESH = True
