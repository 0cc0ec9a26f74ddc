"""What can be wrong in the set-up of logins, said before the first person meets it."""

from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.core.checks import Warning as CheckWarning

from backend.accounts.openid import list_providers, read_issuer
from backend.common.errors import Invalid


@register(deploy=True)
def providers_answer(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Asks each provider for its description. Only `check --deploy` does: a start must not wait for other services."""
    found: list[CheckMessage] = []
    for provider in list_providers():
        try:
            issuer = read_issuer(provider)
        except Invalid as error:
            if error.code == "openid.other_issuer":
                hint = f"The description under {provider.issuer} is another provider's: see the log for its name."
                found.append(
                    Error(f"OIDC_PROVIDERS: {provider.slug} is another provider", hint=hint, id="accounts.E001")
                )
            else:
                found.append(CheckWarning(f"OIDC_PROVIDERS: {provider.slug} does not answer", id="accounts.W001"))
            continue
        if issuer != provider.issuer:
            message = f"OIDC_PROVIDERS: {provider.slug} calls itself {issuer}, the setting says {provider.issuer}"
            hint = "Logins work: only the slash at the end differs. Write it as the provider does."
            found.append(CheckWarning(message, hint=hint, id="accounts.W002"))
    return found
