"""Whom one asks: the municipality's own number and address, else the network's."""

from dataclasses import dataclass

from django.conf import settings

from backend.organisations.models import MunicipalitySettings


@dataclass(frozen=True)
class Help:
    """place: the municipality's name, "" for the network. phone: E.164. Anything may be empty."""

    place: str = ""
    text: str = ""
    phone: str = ""
    email: str = ""


def network_help() -> Help:
    """What the operator has set: HELP_PHONE and HELP_EMAIL."""
    return Help(phone=settings.HELP_PHONE, email=settings.HELP_EMAIL)


def list_help() -> list[Help]:
    """Every municipality that says whom to ask, by name. One query."""
    rows = MunicipalitySettings.objects.exclude(help_text="", help_phone="", help_email="")
    return [
        Help(row.municipality.name, row.help_text, row.help_phone, row.help_email)
        for row in rows.select_related("municipality").order_by("municipality__name")
    ]


def help_in(municipality_code: str | None) -> Help:
    """The municipality's, else the network's. One query where there is a municipality."""
    if not municipality_code:
        return network_help()
    row = (
        MunicipalitySettings.objects.filter(municipality=municipality_code)
        .exclude(help_text="", help_phone="", help_email="")
        .select_related("municipality")
        .first()
    )
    return Help(row.municipality.name, row.help_text, row.help_phone, row.help_email) if row else network_help()
