"""How a request says who asks: `Authorization: Bearer <token>`, or (DRF's own) a browser's session with its CSRF token."""

from django.utils.translation import gettext_lazy as _
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from backend.accounts.models import User
from backend.tokens.models import ApiToken
from backend.tokens.selectors import find_token
from backend.tokens.services import note_use

KEYWORD = "bearer"
LONGEST_TOKEN = 200


class TokenAuthentication(authentication.BaseAuthentication):
    """One answer for every wrong token: an unknown, an ended and a revoked one look the same."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        words = authentication.get_authorization_header(request).split()
        if not words or words[0].lower() != KEYWORD.encode():
            return None
        if len(words) != 2 or len(words[1]) > LONGEST_TOKEN:
            raise AuthenticationFailed(_("Send one token: Authorization: Bearer <token>."), code="token.malformed")
        token = find_token(words[1].decode("ascii", "replace"))
        if token is None:
            raise AuthenticationFailed(_("This token is not valid. Make a new one."), code="token.invalid")
        note_use(token)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="praktiknavet"'
