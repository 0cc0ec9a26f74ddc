"""Settings shared by every environment. What differs stands in dev.py, test.py and production.py."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django_stubs_ext
import environ
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parents[3]
env = environ.Env()

# --- where things run -------------------------------------------------------------------------------------------

DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / ".data")))
SITE_URL = env.str("SITE_URL", default=f"http://127.0.0.1:{env.str('PORT', default='8000')}")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
DEBUG = False
DEMO_MODE = False
# Whether the people of the demo are there; a service that was started empty has its mails to read, but nobody invented.
DEMO_PEOPLE = True

DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        **env.db("DATABASE_URL", default="postgres:///praktiknavet"),
        "ATOMIC_REQUESTS": False,
        # A connection that a restart of the server ended is noticed before it is used. A page waits this many seconds for
        # one, then it says 503.
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "pool": {"min_size": 0, "max_size": 8, "timeout": 5},
            # The data lie on solid state and mostly in memory, where a page out of turn costs what the next one does. To
            # compile a question, or to start a second process for it, takes longer than it saves.
            "options": "-c random_page_cost=1.1 -c jit=off -c max_parallel_workers_per_gather=0",
        },
    },
}
REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")

# --- the house ---------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "backend.common",
    "backend.reference",
    "backend.accounts",
    "backend.organisations",
    "backend.notifications",
    "backend.students",
    "backend.offers",
    "backend.suggestions",
    "backend.placements",
    "backend.applications",
    "backend.rounds",
    "backend.tokens",
    "backend.exchange",
    "backend.privacy",
    "backend.api",
    "backend.web",
    "backend.ops",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sitemaps",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_cotton.apps.SimpleAppConfig",
    "template_partials.apps.SimpleAppConfig",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "anymail",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "backend.web.middleware.CodesWorkOnceMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "backend.web.middleware.UserLanguageMiddleware",
    "backend.web.second_factor_wall.SecondFactorWall",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "backend.web.session_middleware.LoginLastsMiddleware",
    "backend.web.middleware.PersonalPagesAreNotStored",
    "backend.web.middleware.CleanTextMiddleware",
    "backend.web.middleware.DatabaseAwayMiddleware",
    "backend.web.middleware.NulIsNoTextMiddleware",
    "backend.web.middleware.DomainErrorMiddleware",
]

ROOT_URLCONF = "backend.config.urls"
WSGI_APPLICATION = "backend.config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

FORM_RENDERER = "backend.web.form_renderer.FormRenderer"
TEMPLATES_DIR = BASE_DIR / "frontend_templates"
COTTON_DIR = "components"
COTTON_SNAKE_CASED_NAMES = True
TEMPLATE_OPTIONS: dict[str, Any] = {
    # Cotton and template-partials each want to wrap the loaders; together they need this explicit order.
    "loaders": [
        (
            "template_partials.loader.Loader",
            [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
        )
    ],
    "builtins": [
        "django.templatetags.i18n",
        "django.templatetags.static",
        "django_cotton.templatetags.cotton",
        "template_partials.templatetags.partials",
        "backend.web.templatetags.praktiknavet",
    ],
    "context_processors": [
        "django.template.context_processors.request",
        "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages",
        "django.template.context_processors.i18n",
        "backend.web.context.site",
    ],
}
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [TEMPLATES_DIR],
        "OPTIONS": TEMPLATE_OPTIONS,
    }
]

# --- people -------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGOUT_REDIRECT_URL = "start"
ACCOUNT_ADAPTER = "backend.accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_REQUIRED = False
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
# Six digits, as phones read out of a mail and fill in. How often they may be guessed stands in the limits below.
ACCOUNT_LOGIN_BY_CODE_FORMAT = {"numeric": True, "length": 6, "dashed": False}
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_FORMAT = ACCOUNT_LOGIN_BY_CODE_FORMAT
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = ACCOUNT_LOGIN_BY_CODE_TIMEOUT
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_MAX_ATTEMPTS = ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS
ACCOUNT_FORMS = {
    "login": "backend.accounts.code_forms.AddressForm",
    "request_login_code": "backend.accounts.code_forms.CodeRequestForm",
    "confirm_login_code": "backend.accounts.code_forms.LoginCodeForm",
    "confirm_email_verification_code": "backend.accounts.code_forms.EmailCodeForm",
}
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
# The second step of a login, see docs/adr/0024-staff-accounts.md.
MFA_ADAPTER = "backend.accounts.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "authenticate": "backend.accounts.code_forms.SecondFactorForm",
    "authenticate_webauthn": "backend.accounts.code_forms.PasskeyForm",
}
MFA_RECOVERY_CODES_SHOW_ONCE = True
SESSION_ENGINE = "backend.accounts.session_store"
# For whoever has not chosen to stay; how long the others stay stands in backend/accounts/sessions.py.
SESSION_COOKIE_AGE = 12 * 3600
DEVICE_COOKIE_NAME = "device"
ACCOUNT_PREVENT_ENUMERATION = True
# Who has no account gets a code as well, see backend/accounts/login_by_code.py.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = urlsplit(SITE_URL).scheme
# A school shares one address: a class that logs in at the start of a lesson must not be stopped, one account must.
# A code is asked for by an address from a network: thirty a day there, with five tries each, hit one account with 0.015 %. All
# networks together that its owner never came from get a hundred, 0.05 %; so nobody is kept out by somebody else's tries where
# they have logged in before. Whoever guesses at many accounts is stopped by the wrong codes of one network: a thousand of a
# school mistype fewer in an hour.
ACCOUNT_RATE_LIMITS = {
    "login": "300/m/ip",
    "request_login_code": "300/m/ip,3/m/key,10/h/key,30/d/key",
    "code_from_unknown_network": "100/d/key",
    "wrong_code": "100/h/ip",
    "login_failed": "300/m/ip,5/5m/key",
}

# Logins of schools and companies, see docs/deploy.md: a JSON list; empty = none.
OIDC_PROVIDERS = env.str("OIDC_PROVIDERS", default="")

# --- language and time --------------------------------------------------------------------------------------------

LANGUAGE_CODE = "sv"
# Sentences end after a date: no language of ours writes "10 a.m.".
FORMAT_MODULE_PATH = "backend.config.formats"
LANGUAGES = [("sv", _("Swedish")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "backend" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Stockholm"

# --- static files, mail ---------------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [TEMPLATES_DIR / "static"]

EMAIL_CONFIG = env.email("SMTP_URL", default="smtp://127.0.0.1:1025")
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
vars().update({name: value for name, value in EMAIL_CONFIG.items() if name != "EMAIL_BACKEND"})
EMAIL_TIMEOUT = 20
# Whom people ask where their municipality names nobody: E.164 and an address, shown to everyone.
HELP_PHONE = env.str("HELP_PHONE", default="")
HELP_EMAIL = env.str("HELP_EMAIL", default="")
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Praktiknavet <noreply@praktiknavet.example>")
MAIL_DIR = env.str("MAIL_DIR", default="")
MAIL_DOMAIN = env.str("MAIL_DOMAIN", default="praktiknavet.example")
# "smtp", or a provider's name as django-anymail spells it ("postmark"), see docs/notifications.md.
MAIL_PROVIDER = env.str("MAIL_PROVIDER", default="smtp")
ANYMAIL: dict[str, Any] = json.loads(env.str("ANYMAIL", default="") or "{}")
# Whose delivery reports are read at /webhooks/mail/; also with SMTP, where the provider sends them all the same.
MAIL_REPORTS_FROM = env.str("MAIL_REPORTS_FROM", default=MAIL_PROVIDER)
if MAIL_PROVIDER != "smtp":
    EMAIL_BACKEND = f"anymail.backends.{MAIL_PROVIDER}.EmailBackend"

# --- further channels: off until they are set up ------------------------------------------------------------------------

SMS_PROVIDER = env.str("SMS_PROVIDER", default="")
SMS_SENDER = env.str("SMS_SENDER", default="Praktik")
SMS_GATEWAY_URL = env.str("SMS_GATEWAY_URL", default="")
SMS_GATEWAY_TOKEN = env.str("SMS_GATEWAY_TOKEN", default="")
SMS_WEBHOOK_SECRET = env.str("SMS_WEBHOOK_SECRET", default="")
VAPID_PRIVATE_KEY = env.str("VAPID_PRIVATE_KEY", default="")
# Whose push services a subscription may name: without this list anyone could make us call any address.
PUSH_SERVICES = env.list(
    "PUSH_SERVICES",
    default=[
        "https://fcm.googleapis.com",
        "https://updates.push.services.mozilla.com",
        "https://*.push.apple.com",
        "https://*.notify.windows.com",
    ],
)

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        # Rate limits are counted by network and e-mail address: what they are kept under cannot be turned back.
        "KEY_FUNCTION": "backend.common.cache_keys.unreadable",
        # A server that stands still keeps its connections: without a limit every request would wait for it.
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    },
    # Counters of the search over very many places: each process keeps its own, so the search needs no Valkey.
    "counters": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "counters"},
}

# --- security -------------------------------------------------------------------------------------------------------

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "backend.web.unsent.sent_from_an_old_page"
# How many proxies stand in front: whose word in X-Forwarded-For counts when requests are counted by where they come from.
# 0 = the address of the connection.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
# No page asks for the first ones; the search near oneself and passkeys are our own.
PERMISSIONS_POLICY = ", ".join(
    [
        *(f"{what}=()" for what in ("accelerometer", "camera", "display-capture", "gyroscope", "hid")),
        *(
            f"{what}=()"
            for what in ("magnetometer", "microphone", "midi", "payment", "serial", "usb", "xr-spatial-tracking")
        ),
        *(
            f"{what}=(self)"
            for what in ("publickey-credentials-create", "publickey-credentials-get", "geolocation", "fullscreen")
        ),
    ]
)
MESSAGE_STORAGE = "backend.web.message_storage.MessageStorage"
MESSAGES_COOKIE_NAME = "messages"
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# --- the API ----------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["backend.api.rendering.FastJsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["backend.api.parsers.CleanJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "backend.api.schema.Description",
    "EXCEPTION_HANDLER": "backend.api.problems.handle",
    "DEFAULT_THROTTLE_RATES": {"read": "600/min", "write": "120/min", "anonymous": "300/min"},
    "NUM_PROXIES": TRUSTED_PROXIES,
    "URL_FORMAT_OVERRIDE": None,
    "COERCE_DECIMAL_TO_STRING": False,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Praktiknavet",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "DESCRIPTION": "What the pages can do, for programs: the same commands, the same rules.",
    "LICENSE": {"name": "MIT", "url": "https://opensource.org/license/mit"},
    "CONTACT": {"name": "The network office", "url": f"{SITE_URL.rstrip('/')}/"},
    "SERVERS": [{"url": SITE_URL.rstrip("/"), "description": "This service"}],
    "TAGS": [
        {"name": "Offers", "description": "Places: search, write, review, publish."},
        {"name": "Applications", "description": "Asking for a place, answering, accepting."},
        {"name": "Matches and placements", "description": "What a coordinator approves, and what comes of it."},
        {"name": "Students", "description": "A student's own profile, suggestions and alerts."},
        {"name": "Organisations", "description": "Organisations and their workplaces."},
        {"name": "Me", "description": "Who is asking, what they are told, and how."},
        {"name": "Reference", "description": "Municipalities, occupations, programmes, placement forms, risks."},
        {"name": "Imports", "description": "Files of places and class lists, checked before they are taken."},
        {"name": "Exports", "description": "Lists as files."},
        {"name": "Open data", "description": "Figures and places for everyone."},
        {"name": "Tokens", "description": "Keys of programs."},
        {"name": "Webhooks", "description": "Addresses that are told what happens."},
    ],
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "backend.api.schema.with_limits",
    ],
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "ENUM_NAME_OVERRIDES": {
        "OfferState": "backend.offers.enums.OfferState.values",
        "ApplicationState": "backend.applications.enums.ApplicationState.values",
        "MatchState": "backend.placements.enums.MatchState.values",
        "PlacementState": "backend.placements.enums.PlacementState.values",
        "ImportKind": "backend.exchange.enums.ImportKind.values",
        "ImportState": "backend.exchange.enums.ImportState.values",
        "OrganisationKind": "backend.organisations.enums.OrganisationKind.values",
        "WebhookState": "backend.exchange.enums.EndpointState.values",
        "WebhookDeliveryState": "backend.exchange.enums.WebhookDeliveryState.values",
    },
}

# --- Celery: ids only, no result backend, no eta (time lives in rows) ------------------------------------------------


def broker_url(redis_url: str) -> str:
    """Kombu names a Unix socket `redis+socket://` and a database `virtual_host`; redis-py and the cache call them
    `unix://` and `db`."""
    if not redis_url.startswith("unix://"):
        return redis_url
    return redis_url.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=", 1)


CELERY_BROKER_URL = broker_url(REDIS_URL)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 300, "socket_timeout": 10, "socket_connect_timeout": 5}
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 60
CELERY_TASK_TIME_LIMIT = 90
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = TIME_ZONE

# --- logging: events and ids, never names or addresses ----------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "backend.common.logs.PlacesOnlyFormatter",
            "format": "{asctime} {levelname} {name} {message}",
            "style": "{",
        },
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "celery": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},
    },
}
SILENCED_SYSTEM_CHECKS: list[str] = []
