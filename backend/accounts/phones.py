"""Telephone numbers: read as people write them, kept as networks want them (E.164), shown as people read them."""

import re

import phonenumbers
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from backend.accounts.models import User
from backend.common import transitions
from backend.common.errors import Invalid, NotAllowed

_E164 = re.compile(r"\+[1-9][0-9]{7,14}")
# The library would read letters as the keys they stand on, and digits of other scripts.
_AS_WRITTEN = re.compile(r"[0-9+\s\-\u2010-\u2013./()\u200b]*")
_TAKES_TEXTS = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
HOME = "SE"
LONGEST_WRITTEN = 40


def is_e164(number: str) -> bool:
    return _E164.fullmatch(number) is not None


def parse_number(text: str, *, field: str = "phone") -> str:
    """Any telephone: "0122-850 00" -> "+4612285000"; other countries with + or 00. "" for nothing.

    Raises Invalid `phone.not_valid` for what no telephone answers to.
    """
    written = text.strip()
    if not written:
        return ""
    parsed = _parsed(written)
    if parsed is None:
        raise Invalid(
            "phone.not_valid",
            _("Write a telephone number, for example 0122-850 00. Numbers of other countries begin with +."),
            field=field,
        )
    return str(phonenumbers.format_number(parsed, PhoneNumberFormat.E164))


def _parsed(written: str) -> phonenumbers.PhoneNumber | None:
    if len(written) > LONGEST_WRITTEN or not _AS_WRITTEN.fullmatch(written):
        return None
    try:
        parsed = phonenumbers.parse(written, HOME)
    except phonenumbers.NumberParseException:
        return None
    number = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    return parsed if phonenumbers.is_valid_number(parsed) and is_e164(number) else None


def parse_phone(text: str) -> str:
    """A number that takes text messages: "070-123 45 67" -> "+46701234567". "" for nothing.

    Raises Invalid `phone.not_a_number`, or `phone.not_mobile` for a number that can take no text messages.
    """
    written = text.strip()
    if not written:
        return ""
    parsed = _parsed(written)
    if parsed is None:
        raise Invalid(
            "phone.not_a_number",
            _("Write a mobile number, for example 070-123 45 67. Numbers of other countries begin with +."),
            field="phone",
        )
    if phonenumbers.number_type(parsed) not in _TAKES_TEXTS:
        raise Invalid("phone.not_mobile", _("This is not a mobile number."), field="phone")
    return str(phonenumbers.format_number(parsed, PhoneNumberFormat.E164))


def format_phone(number: str) -> str:
    """ "+46701234567" -> "070-123 45 67"; one of another country with its code. What is no number is shown as it is."""
    if not number:
        return ""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return number
    is_swedish = parsed.country_code == 46
    wanted = PhoneNumberFormat.NATIONAL if is_swedish else PhoneNumberFormat.INTERNATIONAL
    return str(phonenumbers.format_number(parsed, wanted))


@transaction.atomic
def set_phone(*, actor: User, user: User, phone: str, wants_sms: bool) -> User:
    """Keeps a person's number and whether it may be texted. The log says that it changed, never what it is.

    Raises NotAllowed for somebody else's number, Invalid with `field` "phone" for one that cannot be.
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
