"""Checks that a command refuses and leaves no trace."""

from collections.abc import Callable
from typing import Any

import pytest

from backend.applications.models import Application
from backend.common.errors import DomainError
from backend.common.models import DomainEvent, EventHandling, LogEntry
from backend.notifications.models import Delivery, Notification
from backend.offers.models import Offer, OfferPeriod
from backend.organisations.models import (
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
    Organisation, Workplace, Membership, TrustedOrganisation, MunicipalitySettings, Student, Availability, Alert,
    Guardianship, GuardianConsent, Offer, OfferPeriod, Offer.hazards.through, Offer.programmes.through, Suggestion,
    Match, Placement, Application, Round, RegionCap, RoundSeat, SeatReserve, Participant, Wish, EmployerRanking, TownPair,
    OwnFoundPlace, Run, RunSeat, Outcome, LockedPair, Adjustment, Publication, Result, Appeal,
)  # fmt: skip
GROWING = (LogEntry, DomainEvent, EventHandling, Notification, Delivery)


def everything() -> list[Any]:
    """All rows that commands change, and how many log rows, events and notifications there are."""
    rows: list[Any] = [list(model._default_manager.order_by("pk").values_list()) for model in TABLES]
    return rows + [model._default_manager.count() for model in GROWING]


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
