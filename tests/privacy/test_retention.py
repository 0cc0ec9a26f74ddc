"""Rules of how long documents are kept: checked against each other, followed in batches, with a protocol without people."""

from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.urls import reverse

from backend.applications import services as applications
from backend.applications.models import Application
from backend.common import clock
from backend.common.errors import Conflict, Invalid, NotAllowed, NotFound
from backend.common.models import LogEntry
from backend.notifications.models import Notification
from backend.placements import services as placements
from backend.placements.models import Match, Placement
from backend.placements.scheduled_tasks import advance
from backend.privacy import retention
from backend.privacy.enums import DocumentKind
from backend.privacy.holdings import HOLDINGS, WITHOUT_OWNER
from backend.privacy.models import RetentionRule, RetentionRun
from backend.privacy.retention import list_due, weed_due
from backend.privacy.weeding import FIXED, WEEDERS
from tests.factories import (
    CoordinatorFactory,
    MembershipFactory,
    NetworkOfficerFactory,
    PeriodFactory,
    StudentFactory,
)
from tests.factories.rows import FINSPANG
from tests.factories.work import handle_events
from tests.privacy.rules import rule
from tests.web.desk import logged_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def coordinator(frozen_clock):
    return CoordinatorFactory()


def declined(student=None) -> Application:
    period = PeriodFactory()
    row = applications.submit_application(
        actor=(student or StudentFactory()).user, period_id=period.pk, motivation="Jag heter Snöflinga."
    )
    company = MembershipFactory(organisation=period.offer.organisation).user
    applications.decline_application(actor=company, application_id=row.pk, reason="dates", message="Nej.")
    handle_events()
    return row


def completed(frozen_clock, coordinator) -> Placement:
    period = PeriodFactory()
    company = MembershipFactory(organisation=period.offer.organisation).user
    row = applications.submit_application(actor=StudentFactory().user, period_id=period.pk)
    applications.offer_seat(actor=company, application_id=row.pk)
    applications.accept_seat(actor=row.student.user, application_id=row.pk)
    placement = placements.approve_match(actor=coordinator, match_id=Match.objects.get(application=row).pk)
    for day in (period.start, period.end + timedelta(days=1)):
        frozen_clock.move_to(f"{day} 08:00:00")
        advance()
    placement.refresh_from_db()
    assert placement.state == "completed"
    return placement


def years_later(frozen_clock, years: int) -> None:
    frozen_clock.move_to(clock.now() + timedelta(days=366 * years))


def test_every_kind_of_document_with_people_has_a_rule():
    """What no municipality decides about, the service says itself; nothing personal is without a kind."""
    assert set(WEEDERS) | set(FIXED) == set(DocumentKind)
    assert set(WEEDERS) & set(FIXED) == set()
    assert [label for label, found in WITHOUT_OWNER.items() if found.names and found.kind is None] == [
        "auth.Permission",
        "auth.Group",
        "common.PeriodicRun",
        "organisations.MunicipalitySettings",
        "offers.AdPrefill",
        "offers.SearchEntry",
        "offers.SearchDocument",
    ], "a model with personal fields needs a kind of document"
    assert all(isinstance(found.kind, DocumentKind) for found in HOLDINGS.values())


def test_without_a_rule_nothing_goes(coordinator, frozen_clock):
    declined()
    years_later(frozen_clock, 50)
    assert (list_due(), weed_due()) == ([], 0)


def test_what_is_over_goes_with_its_story_and_leaves_a_line_without_people(coordinator, frozen_clock):
    old = declined()
    decision = rule(coordinator)
    years_later(frozen_clock, 1)
    assert weed_due() == 0
    years_later(frozen_clock, 1)
    soon = clock.today()
    period = PeriodFactory(start=soon + timedelta(days=90), end=soon + timedelta(days=110))
    live = applications.submit_application(actor=StudentFactory().user, period_id=period.pk)
    (due,) = list_due()
    assert (due.rule, due.municipality.pk, due.count) == (decision, FINSPANG, 1)
    assert weed_due() == 1
    assert list(Application.objects.all()) == [live]
    assert not Notification.objects.filter(subject_type="application", subject_id=old.pk).exists()
    assert not LogEntry.objects.filter(subject_type="application", subject_id=old.pk).exclude(reason="").exists()
    run = RetentionRun.objects.get()
    assert (run.rule, run.municipality_id, run.count) == (decision, FINSPANG, 1)
    assert weed_due() == 0


def test_another_municipality_keeps_its_own(coordinator, frozen_clock):
    declined(StudentFactory(municipality_id="2580"))
    rule(coordinator)
    years_later(frozen_clock, 3)
    assert weed_due() == 0


def test_the_default_holds_where_a_municipality_has_not_decided(coordinator, frozen_clock):
    mine, theirs = declined(), declined(StudentFactory(municipality_id="2580"))
    rule(NetworkOfficerFactory(), None)
    rule(coordinator, action="preserve")
    years_later(frozen_clock, 3)
    assert weed_due() == 1
    assert list(Application.objects.all()) == [mine]
    assert theirs != mine


def test_a_placement_goes_with_its_application_and_only_where_the_condition_holds(coordinator, frozen_clock):
    placement = completed(frozen_clock, coordinator)
    rule(coordinator, kind="placement", condition="not_carried_out", counted_from="last_day")
    years_later(frozen_clock, 3)
    assert weed_due() == 0
    rule(coordinator, kind="placement", condition="carried_out", counted_from="last_day")
    assert weed_due() == 1
    assert not Placement.objects.exists()
    assert not Match.objects.exists()
    assert not Application.objects.filter(student=placement.student).exists()


@pytest.mark.parametrize("first_is_keeping", [True, False])
def test_a_rule_that_deletes_what_another_keeps_is_refused_and_both_are_named(coordinator, first_is_keeping):
    keeping = {"action": "preserve", "decision_number": "BUN 1"}
    weeding = {"kind": "placement", "counted_from": "last_day", "decision_number": "BUN 2"}
    first, second = (keeping, weeding) if first_is_keeping else (weeding, keeping)
    rule(coordinator, **first)
    with pytest.raises(Conflict) as refused:
        rule(coordinator, **second)
    assert refused.value.code == "retention.forbidden"
    assert "BUN 1" in str(refused.value.message)
    assert "BUN 2" in str(refused.value.message)
    assert RetentionRule.objects.count() == 1


def test_the_same_documents_cannot_be_kept_and_weeded_by_two_conditions(coordinator):
    rule(coordinator, kind="placement", condition="carried_out", action="preserve")
    with pytest.raises(Conflict):
        rule(coordinator, kind="placement", counted_from="last_day")
    rule(coordinator, kind="placement", condition="not_carried_out", counted_from="last_day")


def test_a_default_may_not_delete_what_a_municipality_keeps(coordinator):
    rule(coordinator, action="preserve")
    with pytest.raises(Conflict):
        rule(NetworkOfficerFactory(), None, kind="placement", counted_from="last_day")


def test_ending_a_rule_may_not_let_a_default_delete_what_is_kept(coordinator):
    """Without its own rule for placements the municipality would follow one that deletes its applications."""
    own = rule(coordinator, kind="placement", action="preserve")
    rule(NetworkOfficerFactory(), None, kind="placement", counted_from="last_day")
    rule(coordinator, action="preserve")
    with pytest.raises(Conflict):
        retention.end_retention_rule(actor=coordinator, rule_id=own.pk)
    own.refresh_from_db()
    assert own.ended_at is None


def test_a_rule_replaces_the_one_before(coordinator):
    first, second = rule(coordinator), rule(coordinator, years=5)
    first.refresh_from_db()
    assert first.ended_at is not None
    assert retention.list_rules(FINSPANG) == [second]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"kind": "log"}, "kind"),
        ({"condition": "carried_out"}, "condition"),
        ({"years": 0}, "years"),
        ({"years": 101}, "years"),
        ({"counted_from": "last_day"}, "counted_from"),
        ({"decision_number": "  "}, "decision_number"),
        ({"decided_by": ""}, "decided_by"),
        ({"decided_on": date(2099, 1, 1)}, "decided_on"),
    ],
)
def test_what_is_no_rule_is_refused_at_its_field(coordinator, said, field):
    with pytest.raises(Invalid) as refused:
        rule(coordinator, **said)
    assert refused.value.field == field


def test_only_the_municipality_decides_and_the_office_about_defaults(coordinator):
    office = NetworkOfficerFactory()
    elsewhere = CoordinatorFactory(municipality="2580")
    for actor, code in ((elsewhere, FINSPANG), (coordinator, None), (office, FINSPANG)):
        with pytest.raises(NotAllowed):
            rule(actor, code)
    saved = rule(coordinator)
    with pytest.raises(NotFound):
        retention.end_retention_rule(actor=office, rule_id=saved.pk)


def test_the_command_counts_before_it_deletes(coordinator, frozen_clock):
    declined()
    rule(coordinator)
    years_later(frozen_clock, 3)
    said = StringIO()
    call_command("retention", "--dry-run", stdout=said)
    assert "1 of application (always)" in said.getvalue()
    assert "1 would go, nothing was deleted" in said.getvalue()
    assert Application.objects.count() == 1
    call_command("retention", stdout=said)
    assert "1 deleted" in said.getvalue()
    assert not Application.objects.exists()


def test_batches_are_small_and_the_next_turn_goes_on(coordinator, frozen_clock, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    for _each in range(3):
        declined()
    rule(coordinator)
    years_later(frozen_clock, 3)
    assert weed_due(batches=1) == 2
    assert weed_due(batches=1) == 1
    assert sorted(RetentionRun.objects.values_list("count", flat=True)) == [1, 2]


def test_no_number_tells_of_a_protected_identity(coordinator, frozen_clock):
    declined(StudentFactory(is_protected=True, alias="Student QX"))
    rule(coordinator)
    years_later(frozen_clock, 3)
    page = reverse("retention", args=[FINSPANG])
    client = logged_in(coordinator)
    before = client.get(page).content
    assert "Nothing is due today" in before.decode()
    assert weed_due() == 1
    assert "Nothing yet." in client.get(page).content.decode()
    assert RetentionRun.objects.get().is_protected


def test_the_page_saves_shows_and_ends(coordinator, frozen_clock):
    declined()
    client, page = logged_in(coordinator), reverse("retention", args=[FINSPANG])
    assert "Kept, since nothing has been decided" in client.get(page).content.decode()
    said = {
        "kind": "application",
        "condition": "always",
        "action": "weed",
        "years": "2",
        "counted_from": "last_change",
        "decision_number": "BUN 7",
        "decided_by": "Nämnden",
        "decided_on": "2026-09-01",
    }
    assert client.post(page, {**said, "years": ""}).status_code == 400
    assert client.post(page, said).status_code == 302
    years_later(frozen_clock, 3)
    weed_due()
    shown = logged_in(coordinator).get(page).content.decode()
    assert "BUN 7" in shown
    assert "Applications, All: 1" in shown
    saved = RetentionRule.objects.get()
    logged_in(coordinator).post(page, {"end": str(saved.pk)})
    saved.refresh_from_db()
    assert saved.ended_at is not None
    assert logged_in(coordinator).post(page, {"end": "x"}).status_code == 404
