"""What a municipality decides for itself: read by the commands it governs, changed by its coordinators."""

from dataclasses import asdict, dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.contacts import clean_contact
from backend.accounts.models import User
from backend.common.errors import Invalid
from backend.common.transitions import log
from backend.organisations import policies
from backend.organisations.models import MunicipalitySettings

# Lowest and highest value; those that may be empty then follow the form's own number.
RANGES = {
    "answer_days": (1, 30),
    "hold_hours": (1, 336),
    "max_live_applications": (1, 50),
    "undo_minutes": (0, 1440),
    "unplaced_days": (1, 365),
}
LONGEST_HELP = 500
MAY_BE_EMPTY = {"answer_days", "hold_hours", "max_live_applications"}


@dataclass(frozen=True)
class MunicipalityChoices:
    """All settings of a municipality, see MunicipalitySettings for units. None = the form's own number."""

    trusted_may_publish: bool = False
    answer_days: int | None = None
    hold_hours: int | None = None
    max_live_applications: int | None = None
    undo_minutes: int = 10
    unplaced_days: int = 14
    help_text: str = ""
    help_phone: str = ""
    help_email: str = ""


def settings_of(municipality_code: str | None) -> MunicipalitySettings:
    """The municipality's own settings, or the defaults. One query, none without a municipality."""
    found = None
    if municipality_code is not None:
        found = MunicipalitySettings.objects.filter(municipality=municipality_code).first()
    return found or MunicipalitySettings(municipality_id=municipality_code or "")


def choices_of(municipality_code: str) -> MunicipalityChoices:
    """The same as the command takes it."""
    row = settings_of(municipality_code)
    return MunicipalityChoices(**{name: getattr(row, name) for name in asdict(MunicipalityChoices())})


def _help(choices: MunicipalityChoices) -> dict[str, str]:
    """Whom one asks, as it is kept. Raises Invalid with help_text, help_email or help_phone."""
    text = choices.help_text.strip()
    if len(text) > LONGEST_HELP:
        raise Invalid("municipality.too_long", _("The text is too long."), field="help_text")
    # The name is the municipality's own.
    reached = clean_contact("-", choices.help_email, choices.help_phone, prefix="help_")
    return {"help_text": text, "help_email": reached.email, "help_phone": reached.phone}


@transaction.atomic
def save_municipality_settings(
    *, actor: User, municipality_code: str, choices: MunicipalityChoices
) -> MunicipalitySettings:
    """A coordinator of the municipality decides. What changed is logged with the value before and after.

    Raises Invalid with the field whose number is out of range; NotAllowed for others.
    """
    policies.require_coordinator(actor, municipality_code)
    values = asdict(choices)
    for field, (lowest, highest) in RANGES.items():
        value = values[field]
        if value is None and field in MAY_BE_EMPTY:
            continue
        if value is None or not lowest <= value <= highest:
            raise Invalid(
                "municipality.out_of_range",
                _("Enter a number from %(lowest)d to %(highest)d.") % {"lowest": lowest, "highest": highest},
                field=field,
            )
    values |= _help(choices)
    before = asdict(choices_of(municipality_code))
    row, _created = MunicipalitySettings.objects.update_or_create(municipality_id=municipality_code, defaults=values)
    changed = {name: [before[name], value] for name, value in values.items() if before[name] != value}
    log("municipality.settings_saved", actor, actor=actor, data={"municipality": municipality_code, "changed": changed})
    return row
