"""A person's mobile number: read as people write it, kept as networks want it, used for text messages only on a yes."""

import re

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.common import transitions
from backend.common.errors import Invalid, NotAllowed

_E164 = re.compile(r"\+[1-9][0-9]{7,14}")
# Swedish mobile numbers (PTS numbering plan): 070, 072, 073, 076 and 079, seven digits after them.
_SWEDISH_MOBILE = re.compile(r"\+467[02369][0-9]{7}")


def is_e164(number: str) -> bool:
    return _E164.fullmatch(number) is not None


def parse_phone(text: str) -> str:
    """ "070-123 45 67" or "0046 70 1234567" -> "+46701234567"; other countries with + or 00. "" for nothing.

    Raises Invalid `phone.not_a_number`, or `phone.not_mobile` for a Swedish number that can take no text messages.
    """
    digits = re.sub(r"[\s\-–./()]", "", text)
    if not digits:
        return ""
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    elif digits.startswith("0"):
        digits = "+46" + digits[1:]
    # "+46 (0)70" is written often.
    digits = re.sub(r"^\+460", "+46", digits)
    if not is_e164(digits):
        raise Invalid(
            "phone.not_a_number",
            _("Write a mobile number, for example 070-123 45 67. Numbers of other countries begin with +."),
            field="phone",
        )
    if digits.startswith("+46") and not _SWEDISH_MOBILE.fullmatch(digits):
        raise Invalid("phone.not_mobile", _("This is not a Swedish mobile number."), field="phone")
    return digits


@transaction.atomic
def set_phone(*, actor: User, user: User, phone: str, wants_sms: bool) -> User:
    """Keeps a person's number and whether it may be texted. The log says that it changed, never what it is.

    Raises NotAllowed for somebody else's number, Invalid with `field` "phone" for one that can not be.
    """
    if actor.pk != user.pk:
        raise NotAllowed("phone.not_yours", _("Only the person can change their number."))
    number = parse_phone(phone)
    if wants_sms and not number:
        raise Invalid("phone.missing", _("Write the number the text messages shall go to."), field="phone")
    locked = transitions.lock(User.objects.all(), user.pk)
    if (locked.phone, locked.wants_sms) == (number, wants_sms):
        return locked
    locked.phone, locked.wants_sms = number, wants_sms
    locked.save(update_fields=["phone", "wants_sms"])
    transitions.log("person.phone_changed", locked, actor=actor, data={"has_phone": bool(number), "sms": wants_sms})
    return locked
