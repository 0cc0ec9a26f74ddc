"""A list of notifications is read weeks later: what it says then is so, or is marked as no longer current."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from backend.common import clock, events
from backend.notifications import registry
from backend.notifications.registry import always_relevant
from backend.notifications.services import notify
from backend.placements.models import Match, Placement
from backend.placements.services import reject_match
from backend.rounds.models import Round
from backend.students.services import give_consent, withdraw_consent
from tests.factories import ApplicationFactory, CoordinatorFactory, GuardianshipFactory, OfferFactory, UserFactory
from tests.rounds.world import World
from tests.web.desk import logged_in
from tests.web.placed import placed_by_application
from tests.web.test_coordinator_queues import accepted

pytestmark = pytest.mark.django_db

# What happened and stays true however things go on.
HISTORY = """
    address.added address.changed address.removed appeal.answered appeal.sent application.accepted
    application.change_accepted application.declined application.lapsed application.offer_undone
    application.offer_undone_to_list application.submitted_for_you application.turned_down application.withdrawn
    claim.approved claim.rejected grant.given grant.revoked guardian.removed identity.connected identity.disconnected
    import.done invitation.accepted match.withdrawn municipality.without_coordinator notifications.address_bounced
    notifications.trial offer.updated placement.cancelled placement.interrupted result.lapsed role.ended
    role.invitation_accepted role.invitation_declined role.paused role.resumed round.cancelled round.unpublished
    second_factor.code_used second_factor.codes_renewed second_factor.enrolled second_factor.removed
    second_factor.reset_done second_factor.reset_stopped student.corrected token.created token.revoked webhook.changed
    webhook.disabled webhook.registered webhook.secret_renewed
"""


def test_every_kind_is_history_or_knows_when_it_is_over():
    stays = {
        kind.name
        for kind in registry.kinds()
        if (kind.over or kind.still_relevant) is always_relevant and not kind.name.startswith("probe.")
    }
    assert stays == set(HISTORY.split())


def offered(change: bool) -> Any:
    state = (
        {"state": "submitted"} if change else {"state": "offered", "hold_expires_at": clock.now() + timedelta(days=1)}
    )
    return ApplicationFactory(**state)


def consent(change: bool) -> Any:
    guardianship: Any = GuardianshipFactory()
    give_consent(actor=guardianship.guardian, guardianship_id=guardianship.pk)
    if change:
        withdraw_consent(actor=guardianship.guardian, guardianship_id=guardianship.pk)
    return guardianship


def match(change: bool) -> Match:
    placed = placed_by_application()
    if change:
        placed.end()
    return placed.placement.match


def placement(change: bool) -> Placement:
    return match(change).placement


def proposed(change: bool) -> Match:
    found = accepted()
    if change:
        reject_match(actor=CoordinatorFactory(), match_id=found.pk, reason="Resan är för lång.")
    return found


def round_of(change: bool) -> Any:
    world = World(1).open()
    if change:
        Round.objects.filter(pk=world.round.pk).update(state="closed")
    return world.round


CHANGES: dict[str, Callable[[bool], Any]] = {
    "match.approved": match,
    "match.proposed": proposed,
    "placement.first_day_set": placement,
    "placement.supervisor_replaced": placement,
    "application.offered": offered,
    "application.waitlisted": lambda change: ApplicationFactory(
        **({"state": "submitted"} if change else {"state": "waitlisted", "waiting_rank": 1})
    ),
    "consent.given": consent,
    "consent.asked": lambda change: consent(False) if change else GuardianshipFactory(),
    "consent.withdrawn": lambda change: consent(not change),
    "offer.submitted": lambda change: OfferFactory(state="published" if change else "submitted"),
    "offer.published": lambda change: OfferFactory(state="paused" if change else "published"),
    "match.suggested": lambda change: OfferFactory(state="paused" if change else "published"),
    "round.opened": round_of,
}


@pytest.mark.parametrize("kind", CHANGES)
def test_what_no_longer_holds_is_marked_in_the_list(kind):
    for change in (False, True):
        person: Any = UserFactory()
        subject = CHANGES[kind](change)
        notify(event=events.record("probe.happened", subject), recipients=[person], kind=kind, subject=subject)
        answer = logged_in(person).get("/notifications/")
        (item,) = answer.context["parts"][0]["items"]
        assert item["is_over"] is change
        assert ("no longer current" in answer.text) is change


def test_a_student_whose_placement_was_cancelled_reads_it_on_the_first_page_too():
    approved = match(True)
    notify(
        event=events.record("probe.happened", approved), recipients=[approved.student.user], kind="match.approved",
        subject=approved,
    )  # fmt: skip
    text = logged_in(approved.student.user).get("/elev/").text
    assert "was approved" in text
    assert "no longer current" in text
