"""The demo: the same every time, once only, with something in every state and no mail."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import TestCase
from stdnum.se import orgnr

from backend.accounts.models import User
from backend.applications.enums import ApplicationState
from backend.applications.models import Application
from backend.common.invariants import broken
from backend.common.models import DomainEvent, EventHandling, LogEntry, WorkState
from backend.notifications.models import Delivery, Notification
from backend.offers.enums import OfferState
from backend.offers.models import Offer
from backend.ops.seed import seed
from backend.ops.seed.jobs import Job, in_both_series
from backend.ops.seed.jobs_industry import TRADES as INDUSTRY
from backend.ops.seed.jobs_municipal import MUNICIPAL, PRAO, PRAO_MUNICIPAL, SUMMER, SUMMER_COMPANY, TRAINING
from backend.ops.seed.jobs_services import TRADES as SERVICES
from backend.organisations.enums import OrganisationKind
from backend.organisations.models import Organisation
from backend.placements.enums import MatchState, PlacementState
from backend.placements.models import Match, Placement
from backend.reference.models import HazardFlag, OccupationGroup, PlacementForm, Programme
from backend.reference.work_rules import allowed_age_classes
from backend.students.models import Student
from tests.conftest import NOW
from tests.ops.doors import DOORS, filled_columns, models_written_by_the_seed, names_at_the_doors

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
SCALE = 0.1
# What the commands write beside what somebody filled in, by model.
BY_COMMANDS: dict[str, set[str]] = {
    "User": {"password"},  # a mark that there is none
    "Role": {"user"},
    "Membership": {"user", "role"},  # whoever registers an organisation administers it
    # Who registers it, and what a coordinator says about it on the page "Who is it?".
    "Organisation": {"registered_by", "registered_from", "confirmation", "confirmed_at"},
    "Workplace": {"position_source"},  # the pin
    "Offer": {
        "state",
        "submitted_at",
        "published_at",
        "closed_at",
        "close_reason",
        "undo_until",
        "approved",
    },
    "OfferPeriod": {"offer", "capacity", "taken"},  # capacity: "seats" in the form
    "Student": {"user", "lat", "lon", "home_town", "position_source"},  # of the form's `home_place`
    "Availability": {"student"},
    "Alert": {"student"},
}
EVERYWHERE = {"created_at", "updated_at"}
# Rows that come about by commands; of some the seed moves the moments, so that time seems to have passed.
MADE_BY_COMMANDS = {"Application", "Match", "Placement", "DomainEvent", "LogEntry", "EventHandling", "Delivery"}


def content() -> list[object]:
    """Everything a visitor of the demo would see, without ids."""
    return [
        list(User.objects.order_by("pk").values_list("email", "name")),
        list(Organisation.objects.order_by("pk").values_list("name", "registration_number", "about")),
        list(
            Offer.objects.order_by("pk").values_list("title", "tasks", "state", "form", "workplace__name", "apply_by")
        ),
        list(
            Offer.objects.order_by("pk", "periods__pk").values_list("periods__start", "periods__end", "periods__taken")
        ),
        list(Student.objects.order_by("pk").values_list("birth_date", "programme", "lat", "lon", "skills")),
        list(Application.objects.order_by("pk").values_list("student__user__email", "state", "period__offer__title")),
        list(Placement.objects.order_by("pk").values_list("state", "start", "end")),
    ]


class TestPlantedDemo(TestCase):
    """Planted once for all that only look at it."""

    @classmethod
    def setUpTestData(cls) -> None:
        with time_machine.travel(NOW, tick=False):
            seed(scale=SCALE)

    def test_the_demo_has_something_in_every_state(self) -> None:
        assert set(Application.objects.values_list("state", flat=True)) == set(ApplicationState.values)
        assert set(Match.objects.values_list("state", flat=True)) == set(MatchState.values)
        assert set(Placement.objects.values_list("state", flat=True)) == set(PlacementState.values)
        assert set(Offer.objects.values_list("state", flat=True)) == set(OfferState.values)

    def test_the_demo_breaks_no_invariant(self) -> None:
        assert broken() == []

    def test_it_fills_nothing_that_no_form_and_no_file_can_fill(self) -> None:
        written = {model for model in models_written_by_the_seed() if model.__name__ not in MADE_BY_COMMANDS}
        assert {model.__name__ for model in written} == set(DOORS)
        for model in written:
            name = model.__name__
            shut = filled_columns(model) - names_at_the_doors(name) - BY_COMMANDS.get(name, set()) - EVERYWHERE
            assert not shut, f"{name}: nobody can fill in {sorted(shut)}"

    def test_a_second_seed_changes_nothing(self) -> None:
        before = (content(), LogEntry.objects.count(), DomainEvent.objects.count(), Notification.objects.count())
        assert not seed(scale=SCALE).planted
        assert (
            content(),
            LogEntry.objects.count(),
            DomainEvent.objects.count(),
            Notification.objects.count(),
        ) == before

    def test_no_mail_leaves_and_nothing_is_left_for_the_workers(self) -> None:
        mails = Delivery.objects.filter(channel="email")
        assert mails.exists()
        assert set(mails.values_list("state", "reason")) == {("suppressed", "demo_data")}
        assert not EventHandling.objects.exclude(state=WorkState.DONE).exists()

    def test_each_persona_finds_something_to_do(self) -> None:
        elin = Student.objects.get(user__email="student@demo.example")
        assert elin.applications.filter(state="offered", hold_expires_at__gt=NOW).exists()
        assert elin.programme_id in {"IN", "IN25"}
        assert elin.suggestions.exists()
        assert Notification.objects.filter(recipient=elin.user).exists()
        unanswered = Application.objects.filter(
            state="submitted", period__offer__organisation__memberships__user__email="company@demo.example"
        )
        assert unanswered.count() >= 3
        assert Offer.objects.filter(state="submitted", workplace__municipality="0562").count() >= 2
        assert Match.objects.filter(state="proposed", deciding_municipality="0562").count() >= 3
        guardian = User.objects.get(email="guardian@demo.example")
        assert guardian.guardianships.get().student == elin
        assert not guardian.guardianships.get().consents.exists()
        assert User.objects.get(email="network@demo.example").roles.get().kind == "network"

    def test_nobody_is_asked_for_a_second_code(self) -> None:
        assert not User.objects.exclude(emailaddress__verified=True).exists()

    def test_personas_can_log_in_by_mail(self) -> None:
        names = [f"{who}@demo.example" for who in ("student", "company", "coordinator", "network", "guardian")]
        assert EmailAddress.objects.filter(email__in=names, verified=True, primary=True).count() == len(names)

    def test_companies_have_numbers_that_pass_and_municipalities_have_none(self) -> None:
        companies = Organisation.objects.filter(kind=OrganisationKind.COMPANY)
        assert companies.count() >= 12
        for company in companies:
            assert company.registration_number
            assert company.registration_number.startswith("55999")
            assert orgnr.is_valid(company.registration_number)
        assert not Organisation.objects.filter(kind="municipal_unit", registration_number__isnull=False).exists()

    def test_no_offer_asks_for_work_that_nobody_of_its_form_may_do(self) -> None:
        for offer in Offer.objects.prefetch_related("hazards"):
            flags = [hazard.pk for hazard in offer.hazards.all()]
            assert allowed_age_classes(flags, offer.form_id, NOW.date()), offer.title


class Undo(Exception):
    pass


def planted(number: int) -> list[object]:
    """What a seed with this number plants; the database is left as it was."""
    found: list[object] = []
    try:
        with transaction.atomic():
            seed(scale=SCALE, number=number)
            found = content()
            raise Undo
    except Undo:
        return found


def test_a_number_gives_the_same_demo_every_time_and_touches_nothing_of_others() -> None:
    one, other = planted(1), planted(2)
    event = DomainEvent.objects.create(kind="test.happened", subject_type="user", subject_id=1, at=NOW)
    waiting = EventHandling.objects.create(event=event, subscriber="somebody.else")
    seed(scale=SCALE, number=1)
    assert content() == one
    assert all(mine != theirs for mine, theirs in zip(one[:5], other[:5], strict=True))
    waiting.refresh_from_db()
    assert waiting.state == WorkState.PENDING


def jobs() -> Iterator[Job]:
    for trade in (*INDUSTRY, *SERVICES):
        yield from trade.jobs
    yield from (*MUNICIPAL, *PRAO, *PRAO_MUNICIPAL, *SUMMER, *SUMMER_COMPANY, *TRAINING)


def test_the_texts_name_only_what_the_reference_lists_know() -> None:
    groups = set(OccupationGroup.objects.values_list("pk", flat=True))
    programmes = set(Programme.objects.values_list("pk", flat=True))
    forms = set(PlacementForm.objects.values_list("pk", flat=True))
    hazards = set(HazardFlag.objects.values_list("pk", flat=True))
    for job in set(jobs()):
        assert job.occupation in groups, job.titles
        assert set(job.forms) <= forms, job.titles
        assert set(job.hazards) <= hazards, job.titles
        codes = {code for base in job.programmes for code in in_both_series(base)}
        assert codes <= programmes, job.titles


def test_the_command_says_what_it_did_and_refuses_a_senseless_scale(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("seed", scale=SCALE)
    assert "demo data planted" in capsys.readouterr().out
    call_command("seed", scale=SCALE)
    assert "nothing changed" in capsys.readouterr().out
    with pytest.raises(CommandError, match="--scale"):
        call_command("seed", scale=0.0)


@pytest.mark.parametrize("day", [date(2026, 11, 24), date(2027, 2, 28), date(2027, 7, 5), date(2027, 12, 31)])
def test_the_demo_can_be_planted_on_any_day(frozen_clock, day):
    """Ages are counted from today: nobody may be a minor in one rule and grown up in the next."""
    frozen_clock.move_to(datetime(day.year, day.month, day.day, 11, tzinfo=UTC))
    assert seed(scale=SCALE).planted
