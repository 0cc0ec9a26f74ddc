from django.apps import AppConfig
from django.conf import settings


class AccountsConfig(AppConfig):
    name = "backend.accounts"

    def ready(self) -> None:
        """A mistake in the list of providers stops the start."""
        from backend.accounts import addresses, checks, sessions  # noqa: F401
        from backend.accounts.openid import read_providers

        read_providers(settings.OIDC_PROVIDERS)
