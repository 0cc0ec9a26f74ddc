"""Checks that a command refuses and leaves no trace."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, models

from backend.applications.models import Application
from backend.common.errors import DomainError
from backend.common.models import DomainEvent, EventHandling, LogEntry
from backend.notifications.models import Delivery, Notification
from backend.offers.models import Offer, OfferPeriod
from backend.organisations.models import (
    ContactPerson,
    Membership,
    MunicipalitySettings,
    Organisation,
    TrustedOrganisation,
    Workplace,
)
from backend.placements.models import Match, Placement
from backend.rounds.models import (
    Adjustment,
    Appeal,
    EmployerRanking,
    LockedPair,
    Outcome,
    OwnFoundPlace,
    Participant,
    Publication,
    RegionCap,
    Result,
    Round,
    RoundSeat,
    Run,
    RunSeat,
    SeatReserve,
    TownPair,
    Wish,
)
from backend.students.models import Alert, Availability, GuardianConsent, Guardianship, Student
from backend.suggestions.models import Suggestion

TABLES = (
    Organisation, Workplace, ContactPerson, Membership, TrustedOrganisation, MunicipalitySettings, Student, Availability, Alert,
    Guardianship, GuardianConsent, Offer, OfferPeriod, Offer.hazards.through, Offer.programmes.through, Suggestion,
    Match, Placement, Application, Round, RegionCap, RoundSeat, SeatReserve, Participant, Wish, EmployerRanking, TownPair,
    OwnFoundPlace, Run, RunSeat, Outcome, LockedPair, Adjustment, Publication, Result, Appeal,
)  # fmt: skip
GROWING = (LogEntry, DomainEvent, EventHandling, Notification, Delivery)


def _digest_of(model: type[models.Model]) -> str:
    table, key = model._meta.db_table, model._meta.pk.column
    return f"""SELECT '{table}', md5(string_agg(md5(row::text), '' ORDER BY row.{key})) FROM "{table}" AS row"""


def _number_of(model: type[models.Model]) -> str:
    return f"""SELECT '{model._meta.db_table}', count(*)::text FROM "{model._meta.db_table}\""""


_EVERYTHING = " UNION ALL ".join([*map(_digest_of, TABLES), *map(_number_of, GROWING)])


def everything() -> dict[str, str | None]:
    """table -> a digest of all its rows, for what commands change; of what only grows (log, events, notifications) how
    many rows there are. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_EVERYTHING)
        return dict(cursor.fetchall())


def refused(code: str, command: Callable[..., Any], *, field: str | None = None, **arguments: Any) -> DomainError:
    """The command refuses with the code (and names the field), says so to a person, and changes nothing at all."""
    before = everything()
    with pytest.raises(DomainError) as caught:
        command(**arguments)
    assert caught.value.code == code
    assert str(caught.value.message)
    if field is not None:
        assert caught.value.field == field
    assert everything() == before
    return caught.value
