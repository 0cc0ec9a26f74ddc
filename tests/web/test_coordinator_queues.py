"""Deciding many at once, undoing it, walking through a queue, and changing a place oneself."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backend.applications import services
from backend.common import clock
from backend.common.models import LogEntry
from backend.offers.enums import OfferState
from backend.offers.models import Offer
from backend.organisations.models import MunicipalitySettings, TrustedOrganisation
from backend.placements.enums import MatchState
from backend.placements.models import Match
from tests.factories import (
    CoordinatorFactory,
    MembershipFactory,
    OfferFactory,
    StudentFactory,
    UserFactory,
    WorkplaceFactory,
)
from tests.web.desk import logged_in, offer_data, only_period

pytestmark = pytest.mark.django_db

MATCHES, OFFERS = reverse("coordinator_matches"), reverse("coordinator_offers")
DECIDE_MATCHES, DECIDE_OFFERS = reverse("coordinator_matches_decide"), reverse("coordinator_offers_decide")


@pytest.fixture
def desk() -> Client:
    karin: Any = CoordinatorFactory(name="Karin Ek")
    return logged_in(karin)


def accepted(name: str = "Maja Lind") -> Match:
    period = only_period(OfferFactory())
    student = StudentFactory(user=UserFactory(name=name))
    owner = MembershipFactory(organisation=period.offer.organisation).user
    application = services.submit_application(actor=student.user, period_id=period.pk)
    services.offer_seat(actor=owner, application_id=application.pk)
    match = services.accept_seat(actor=student.user, application_id=application.pk).match
    assert match is not None
    return match


def submitted(**fields: Any) -> Offer:
    offer: Any = OfferFactory(state="submitted", submitted_at=clock.now(), published_at=None, **fields)
    return offer


def states(model: type[Any]) -> list[str]:
    return list(model.objects.order_by("pk").values_list("state", flat=True))


class TestBulk:
    def test_nothing_happens_before_the_consequence_is_confirmed(self, desk: Client) -> None:
        chosen = [accepted("Maja Lind").pk, accepted("Omar Said").pk]

        page = desk.get(DECIDE_MATCHES, {"match": chosen, "decision": "approve"})

        assert states(Match) == [MatchState.PROPOSED] * 2
        for words in ("Maja Lind", "Omar Said", "2 organisations are told at once", "undo it for 10 minutes"):
            assert words in page.text
        desk.post(DECIDE_MATCHES, {"match": chosen, "decision": "approve"})
        assert states(Match) == [MatchState.APPROVED] * 2

    def test_rejecting_many_needs_a_reason_and_loses_nothing_without(self, desk: Client) -> None:
        chosen = [accepted().pk, accepted().pk]
        data = {"match": chosen, "decision": "reject"}

        page = desk.post(DECIDE_MATCHES, {**data, "reason": " "})
        assert (page.status_code, states(Match)) == (400, [MatchState.PROPOSED] * 2)
        assert all(f'value="{pk}" checked' in page.text for pk in chosen)

        desk.post(DECIDE_MATCHES, {**data, "reason": "Resan är för lång."})
        assert [match.decision_reason for match in Match.objects.all()] == ["Resan är för lång."] * 2

    def test_places_are_published_and_sent_back_together(self, desk: Client) -> None:
        offers = [submitted(), submitted(), submitted()]
        chosen = [offer.pk for offer in offers]
        asked = desk.get(DECIDE_OFFERS, {"offer": chosen[:2], "decision": "approve"})
        assert states(Offer) == [OfferState.SUBMITTED] * 3
        assert "Everyone can find them" in asked.text

        desk.post(DECIDE_OFFERS, {"offer": chosen[:2], "decision": "approve"})
        data = {"offer": chosen[2:], "decision": "reject"}
        assert desk.post(DECIDE_OFFERS, {**data, "reason": ""}).status_code == 400
        desk.post(DECIDE_OFFERS, {**data, "reason": "Skriv mer om uppgifterna."})

        assert states(Offer) == [OfferState.PUBLISHED, OfferState.PUBLISHED, OfferState.DRAFT]

    def test_what_was_changed_after_the_queue_was_opened_is_not_published(self, desk: Client) -> None:
        read, changed, late = (submitted(title=title) for title in ("Läst", "Ändrad", "Ändrad sent"))
        boxes = re.findall(r'name="offer" value="([^"]+)"', desk.get(OFFERS).text)
        assert len(boxes) == 3
        Offer.objects.filter(pk=changed.pk).update(title="Nya ord", updated_at=clock.now() + timedelta(seconds=1))

        page = desk.get(DECIDE_OFFERS, {"offer": boxes, "decision": "approve"}).text
        assert "1 was changed after you opened the queue" in page
        assert "Nya ord" not in page
        again = re.findall(r'name="offer" value="([^"]+)"', page)
        assert len(again) == 2
        assert "Nya ord" in desk.get(DECIDE_OFFERS, {"offer": boxes, "decision": "reject"}).text

        Offer.objects.filter(pk=late.pk).update(title="Andra ord", updated_at=clock.now() + timedelta(seconds=1))
        told = desk.post(DECIDE_OFFERS, {"offer": [*again, *boxes], "decision": "approve"}, follow=True).text
        assert "Not done: Andra ord. The place was changed after you opened it." in told
        assert "Not done: Nya ord. The place was changed after you opened it." in told
        assert {offer.pk: offer.state for offer in Offer.objects.all()} == {
            read.pk: OfferState.PUBLISHED,
            changed.pk: OfferState.SUBMITTED,
            late.pk: OfferState.SUBMITTED,
        }

    @pytest.mark.parametrize("url", [DECIDE_MATCHES, DECIDE_OFFERS])
    def test_choosing_nothing_says_so(self, desk: Client, url: str) -> None:
        for send in (desk.get, desk.post):
            assert "Choose at least one" in send(url, {"decision": "approve"}, follow=True).text

    def test_what_a_colleague_decided_meanwhile_is_named_and_the_rest_is_done(self, desk: Client) -> None:
        first, second = accepted("Maja Lind"), accepted("Omar Said")
        chosen = {"match": [first.pk, second.pk], "decision": "reject", "reason": "Resan är för lång."}
        desk.post(reverse("coordinator_match_approve", args=[first.pk]))

        assert "1 that you chose does not wait any more" in desk.get(DECIDE_MATCHES, chosen).text
        text = desk.post(DECIDE_MATCHES, chosen, follow=True).text

        assert "Not done: Maja Lind." in text
        assert states(Match) == [MatchState.APPROVED, MatchState.REJECTED]

    def test_a_neighbours_rows_are_not_shown_nor_decided(self, desk: Client) -> None:
        theirs = submitted(title="Deras plats", workplace=WorkplaceFactory(municipality_id="2580"))
        page = desk.get(DECIDE_OFFERS, {"offer": [theirs.pk], "decision": "approve"})
        assert "Deras plats" not in page.text
        desk.post(DECIDE_OFFERS, {"offer": [theirs.pk], "decision": "approve"})
        theirs.refresh_from_db()
        assert theirs.state == OfferState.SUBMITTED


class TestUndo:
    def test_a_decision_stands_on_the_queue_until_its_time_is_over(self, desk: Client, frozen_clock: Any) -> None:
        match = accepted("Maja Lind")
        desk.post(reverse("coordinator_match_approve", args=[match.pk]))

        assert "can be undone until 10:10" in desk.get(MATCHES).text
        frozen_clock.shift(timedelta(minutes=11))
        assert "can be undone" not in desk.get(MATCHES).text
        late = desk.post(reverse("coordinator_matches_undo"), {"match": match.pk}, follow=True)
        assert "has passed" in late.text
        assert states(Match) == [MatchState.APPROVED]

    def test_both_decisions_about_matches(self, desk: Client) -> None:
        first, second = accepted(), accepted()
        desk.post(reverse("coordinator_match_approve", args=[first.pk]))
        desk.post(reverse("coordinator_match", args=[second.pk]), {"reason": "Fel elev."})

        page = desk.post(reverse("coordinator_matches_undo"), {"match": [first.pk, second.pk]}, follow=True)

        assert "2 decisions undone" in page.text
        assert states(Match) == [MatchState.PROPOSED] * 2

    def test_both_decisions_about_places(self, desk: Client) -> None:
        first, second = submitted(), submitted()
        desk.post(reverse("coordinator_offer", args=[first.pk]), {"decision": "approve"})
        desk.post(reverse("coordinator_offer", args=[second.pk]), {"decision": "send_back", "reason": "Fel."})
        assert desk.get(OFFERS).text.count("can be undone") == 2

        desk.post(reverse("coordinator_offers_undo"), {"offer": [first.pk, second.pk]})

        assert states(Offer) == [OfferState.SUBMITTED] * 2

    def test_a_neighbour_sees_and_undoes_nothing(self, desk: Client) -> None:
        match = accepted()
        desk.post(reverse("coordinator_match_approve", args=[match.pk]))
        neighbour = logged_in(CoordinatorFactory(municipality="2580"))

        assert match.student.user.name not in neighbour.get(MATCHES).text
        neighbour.post(reverse("coordinator_matches_undo"), {"match": match.pk})

        assert states(Match) == [MatchState.APPROVED]


class TestWalking:
    def test_the_page_knows_its_place_and_a_decision_leads_to_the_next(self, desk: Client, frozen_clock: Any) -> None:
        matches = []
        for name in ("Anna A", "Bo B", "Cia C"):
            matches.append(accepted(name))
            frozen_clock.shift(timedelta(minutes=1))
        middle = desk.get(reverse("coordinator_match", args=[matches[1].pk]))
        assert "2 of 3" in middle.text
        assert middle.context["beside"].previous_pk == matches[0].pk

        response = desk.post(reverse("coordinator_match_approve", args=[matches[1].pk]))
        assert response["Location"] == reverse("coordinator_match", args=[matches[2].pk])
        response = desk.post(reverse("coordinator_match_approve", args=[matches[2].pk]))
        assert response["Location"] == MATCHES

    def test_places_too(self, desk: Client) -> None:
        first, second = submitted(), submitted()
        response = desk.post(reverse("coordinator_offer", args=[first.pk]), {"decision": "approve"})
        assert response["Location"] == reverse("coordinator_offer", args=[second.pk])
        assert "1 of 1" in desk.get(response["Location"]).text


def test_the_queue_shows_what_decides_about_a_place(desk: Client) -> None:
    risky = submitted(title="Truckförare")
    risky.hazards.set(["TRUCK"])  # type: ignore[list-item]  # keys are codes
    trusted = submitted(title="Montör", supervisor_name="Sara Nyqvist", risk_assessed_on=clock.today())
    OfferFactory(workplace=trusted.workplace)
    TrustedOrganisation.objects.create(municipality_id="0562", organisation=trusted.organisation)

    rows = {row.title: row for row in desk.get(OFFERS).context["rows"]}

    kinds = {line.text: line.kind for line in rows["Truckförare"].lines}
    assert any(text.startswith("Risks: not for") for text in kinds)
    assert {"No risk assessment is dated", "No supervisor is named", "The organisation’s first place"} <= kinds.keys()
    assert not rows["Truckförare"].is_clear
    assert {line.text for line in rows["Montör"].lines} == {"Trusted organisation", "1 place published before"}
    assert rows["Montör"].is_clear


@pytest.mark.parametrize(("url", "make"), [(MATCHES, accepted), (OFFERS, submitted)])
def test_a_long_queue_takes_as_many_queries_as_a_short_one(desk: Client, url: str, make: Any) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert desk.get(url).status_code == 200
        return len(captured)

    make()
    desk.get(url)
    few = queries()
    for _number in range(6):
        make()
    assert queries() == few


class TestEdit:
    def test_a_coordinator_changes_a_place_and_the_organisation_is_told(self, desk: Client) -> None:
        offer = OfferFactory(title="Svetsare")
        owner = MembershipFactory(organisation=offer.organisation).user
        period = only_period(offer)
        url = reverse("coordinator_offer_edit", args=[offer.pk])
        assert "Svetsare" in desk.get(url).text

        data = offer_data(offer.workplace, title="Svetsare i rostfritt") | {"periods-0-id": str(period.pk)}
        response = desk.post(url, data)

        assert response["Location"] == reverse("coordinator_offer", args=[offer.pk])
        offer.refresh_from_db()
        assert (offer.title, offer.state) == ("Svetsare i rostfritt", OfferState.PUBLISHED)
        assert owner.notifications.get().kind == "offer.updated"
        assert LogEntry.objects.get(action="offer.updated").actor is not None

    def test_bad_input_stays_on_the_page(self, desk: Client) -> None:
        offer = OfferFactory()
        data = offer_data(offer.workplace, title="Min text") | {"periods-0-end": "2027-01-01"}
        response = desk.post(reverse("coordinator_offer_edit", args=[offer.pk]), data)
        assert response.status_code == 400
        assert "Min text" in response.text

    def test_not_a_neighbours_place(self, desk: Client) -> None:
        theirs = OfferFactory(workplace=WorkplaceFactory(municipality_id="2580"))
        assert desk.get(reverse("coordinator_offer_edit", args=[theirs.pk])).status_code == 403


class TestSettings:
    @pytest.mark.parametrize(
        ("field", "value"), [("undo_minutes", "1441"), ("undo_minutes", ""), ("answer_days", "0"), ("hold_hours", "x")]
    )
    def test_a_wrong_number_is_named_and_nothing_is_saved(self, desk: Client, field: str, value: str) -> None:
        url = reverse("coordinator_settings", args=["0562"])
        data = {"undo_minutes": "20", "unplaced_days": "7", field: value}

        response = desk.post(url, data)

        assert response.status_code == 400
        assert f'id="id_{field}_error"' in response.text
        assert not MunicipalitySettings.objects.exists()

    def test_the_page_says_who_changed_it(self, desk: Client) -> None:
        url = reverse("coordinator_settings", args=["0562"])
        desk.post(url, {"undo_minutes": "20", "unplaced_days": "7", "answer_days": "3"})
        assert "by Karin Ek" in desk.get(url).text
        entry = LogEntry.objects.get(action="municipality.settings_saved")
        assert entry.data["changed"] == {"answer_days": [None, 3], "undo_minutes": [10, 20], "unplaced_days": [14, 7]}

    def test_another_municipalitys_page_is_not_there(self, desk: Client) -> None:
        assert desk.get(reverse("coordinator_settings", args=["2580"])).status_code == 404
