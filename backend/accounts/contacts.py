"""How a person without an account is reached: name, mail and telephone, checked the same everywhere."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from backend.accounts.phones import parse_number
from backend.common.errors import Invalid

LONGEST_NAME = 120
LONGEST_EMAIL = 254


@dataclass(frozen=True)
class Contact:
    """email: lower case. phone: E.164. What is not known is empty."""

    name: str = ""
    email: str = ""
    phone: str = ""


def clean_contact(name: str, email: str, phone: str, *, prefix: str = "") -> Contact:
    """The three as they are kept. Raises Invalid with the field that is wrong, called `prefix` and its name.

    A number or an address of nobody is refused: whoever calls must know whom they ask for.
    """
    name, email = name.strip(), email.strip().lower()
    if len(name) > LONGEST_NAME:
        raise Invalid("contact.too_long", _("The text is too long."), field=f"{prefix}name")
    if email:
        try:
            validate_email(email)
        except ValidationError as error:
            raise Invalid("contact.bad_email", _("Enter an e-mail address."), field=f"{prefix}email") from error
        if len(email) > LONGEST_EMAIL:
            raise Invalid("contact.too_long", _("The text is too long."), field=f"{prefix}email")
    number = parse_number(phone, field=f"{prefix}phone")
    if (email or number) and not name:
        raise Invalid("contact.no_name", _("Write whose number or address this is."), field=f"{prefix}name")
    return Contact(name, email, number)
