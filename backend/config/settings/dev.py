"""One machine, demo data, mails caught locally: what `make run` starts."""

from .base import *

DEBUG = True
# The personas' one-click login follows DEBUG, so that a production process can never offer it.
DEMO_MODE = DEBUG
DEMO_PEOPLE = env.str("SEED", default="demo") != "none"
SECRET_KEY = env.str("SECRET_KEY", default="development-only-key-never-used-in-production")
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
CSRF_COOKIE_NAME = "csrftoken"
# Whoever tries the service in the demo meets its own page, not a list of all addresses.
MIDDLEWARE = [*MIDDLEWARE, "backend.web.middleware.OwnNotFoundMiddleware"]
SMS_PROVIDER = env.str("SMS_PROVIDER", default="file")
