"""Who asks: nobody, a person with a session, or a token that acts for a person or an organisation."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.common.errors import NotAllowed, NotFound
from backend.tokens.enums import Scope
from backend.tokens.models import ApiToken


@dataclass(frozen=True)
class Principal:
    """user: None when nobody is logged in. token: None for a session."""

    user: User | None
    token: ApiToken | None = None

    @property
    def key(self) -> str:
        """A short name without personal data, for rate limits and idempotency keys. Needs a user."""
        assert self.user is not None
        return f"token:{self.token.pk}" if self.token else f"user:{self.user.pk}"

    @property
    def organisation_id(self) -> int | None:
        """The only organisation whose things may be seen and changed; None = everything that is the person's."""
        return self.token.organisation_id if self.token else None

    def has(self, scope: Scope) -> bool:
        """A session opens everything, a token what it was made for."""
        return self.user is not None and (self.token is None or scope in self.token.scopes)

    def reader(self, scope: Scope) -> User | None:
        """The person behind a public question when the scope is there; otherwise it is answered as to a stranger."""
        return self.user if self.has(scope) else None

    def only(self, path: str) -> dict[str, int]:
        """The filter that keeps an organisation's token to its organisation; `path` leads from a row to that."""
        return {} if self.organisation_id is None else {path: self.organisation_id}

    def require_own(self, organisation_id: int) -> None:
        """An organisation's token changes nothing of another one, though its person might."""
        if self.organisation_id not in {None, organisation_id}:
            raise NotAllowed("token.other_organisation", _("This token belongs to another organisation."))


def not_found() -> NotFound:
    return NotFound("not_found", _("There is nothing here, or it is not for you."))
