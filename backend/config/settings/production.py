"""Behind TLS. Every secret comes from the environment; a missing one stops the start."""

from django.core.exceptions import ImproperlyConfigured

from .base import *

LEAST_KEY_LENGTH, LEAST_KEY_LETTERS = 40, 12


def strong_key(name: str, key: str) -> str:
    """The key, which signs sessions, links and the log. Raises ImproperlyConfigured for one that somebody could guess."""
    if len(key) < LEAST_KEY_LENGTH or len(set(key)) < LEAST_KEY_LETTERS or "change" in key.lower():
        how = "python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"
        raise ImproperlyConfigured(f"{name} could be guessed: make one with {how}")
    return key


SECRET_KEY = strong_key("SECRET_KEY", env.str("SECRET_KEY"))
# Former values: what they signed is still recognised (docs/deploy.md).
SECRET_KEY_FALLBACKS = [
    strong_key("SECRET_KEY_FALLBACKS", key) for key in env.list("SECRET_KEY_FALLBACKS", default=[]) if key
]
if MAIL_PROVIDER == "smtp":
    env.str("SMTP_URL")  # without it every mail, login codes too, would go nowhere
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[f"https://{host}" for host in ALLOWED_HOSTS])

# A TLS proxy belongs in front, see docs/deploy.md: without this everyone would share its address, and its rate limits.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=1)
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
REST_FRAMEWORK["NUM_PROXIES"] = TRUSTED_PROXIES
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_NAME = "__Host-csrf"
DEVICE_COOKIE_NAME = "__Host-device"
MESSAGES_COOKIE_NAME = "__Host-messages"
LANGUAGE_COOKIE_NAME = "__Host-language"
LANGUAGE_COOKIE_SECURE = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
