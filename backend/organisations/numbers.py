"""Swedish organisation numbers: read as people write them, and the sole trader's, which is a personal identity number."""

import re
from datetime import date

from django.utils.translation import gettext_lazy as _
from stdnum import luhn
from stdnum.se import orgnr

from backend.common.errors import Invalid

LENGTH = 10
# The century of an organisation number in the tax agency's twelve digits, and those of people.
ORGANISATIONS_CENTURY, PEOPLES_CENTURIES = "16", ("18", "19", "20")
# The number of examples and test registers.
KNOWN_DUMMIES = {"1212121212"}
# A coordination number adds this to the day.
COORDINATION = 60


def clean_registration_number(text: str) -> str:
    """Ten digits: of "556012-5790", "16556012-5790" or a sole trader's "19640823-3234".

    Raises Invalid for another length, a wrong check digit, and numbers of nobody such as 0000000000.
    """
    digits = re.sub(r"[\s\-\u2010-\u2013+]", "", text)
    if len(digits) == LENGTH + 2 and digits[:2] in {ORGANISATIONS_CENTURY, *PEOPLES_CENTURIES}:
        century, digits = digits[:2], digits[2:]
        if is_personal(digits) == (century == ORGANISATIONS_CENTURY):
            digits = ""
    if not _is_real(digits):
        raise Invalid(
            "organisation.bad_number",
            _("This is not a valid organisation number. It has ten digits, such as 556036-0793."),
            field="registration_number",
        )
    return digits


def _is_real(digits: str) -> bool:
    if not re.fullmatch(r"[0-9]{10}", digits) or not luhn.is_valid(digits):
        return False
    if len(set(digits)) == 1 or digits in KNOWN_DUMMIES:
        return False
    # The third digit of an organisation is 2 or more, so that it is never read as a month; its first is never 0.
    return _is_date(digits) if is_personal(digits) else digits[0] != "0"


def _is_date(digits: str) -> bool:
    year, month, day = int(digits[:2]), int(digits[2:4]), int(digits[4:6])
    day -= COORDINATION if day > COORDINATION else 0
    try:
        # A leap year of either century: 29 February of an even year is not judged here.
        date(2000 + year if year % 4 == 0 else 2001, month, day)
    except ValueError:
        return False
    return True


def is_personal(number: str | None) -> bool:
    """Whether it is a sole trader's: the personal identity number of a human being."""
    return bool(number) and str(number)[2] in "01"


def label(number: str | None) -> str:
    """ "556036-0793" for everyone who may read the page; of a sole trader only that it is one."""
    if not number:
        return ""
    return str(_("sole trader")) if is_personal(number) else str(orgnr.format(number))


def written(number: str | None) -> str:
    """The number in full, for the organisation's own people."""
    return str(orgnr.format(number)) if number else ""
