"""What can be wrong in the set-up of the channels, said at the start instead of at the first mail."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string

from backend.notifications import vapid
from backend.notifications.channels.email.api import PROVIDERS as MAIL_APIS
from backend.notifications.channels.sms.providers import PROVIDERS as SMS_PROVIDERS


@register()
def channels_are_set_up(app_configs: Any, **_: Any) -> list[CheckMessage]:
    return [*_mail(), *_sms(), *_push()]


def _mail() -> list[CheckMessage]:
    provider = settings.MAIL_PROVIDER
    if provider == "smtp":
        return []
    if provider not in MAIL_APIS:
        known = ", ".join(["smtp", *sorted(MAIL_APIS)])
        return [Error(f"MAIL_PROVIDER {provider!r} is none of {known}", id="notifications.E001")]
    try:
        import_string(f"anymail.backends.{provider}.EmailBackend")()
    except Exception as error:
        hint = "ANYMAIL is a JSON object in the environment; see django-anymail's chapter on the provider."
        return [Error(f"MAIL_PROVIDER {provider}: {error}", hint=hint, id="notifications.E002")]
    return []


def _sms() -> list[CheckMessage]:
    if settings.SMS_PROVIDER in {"", *SMS_PROVIDERS}:
        return []
    known = ", ".join(sorted(SMS_PROVIDERS))
    return [Error(f"SMS_PROVIDER {settings.SMS_PROVIDER!r} is none of {known}", id="notifications.E003")]


def _push() -> list[CheckMessage]:
    try:
        vapid.keys()
    except (OSError, ValueError) as error:
        return [Error(f"Web push: {error}", id="notifications.E004")]
    return []
