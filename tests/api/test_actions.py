"""What people do on the pages besides the main job, over HTTP: copies, second thoughts, workplaces, what one wants to hear."""

import pytest

from backend.applications.models import Application
from backend.common import clock
from backend.notifications.models import Hours, Notification
from backend.offers.models import Offer
from backend.organisations.models import Workplace
from backend.placements.models import Placement
from backend.suggestions.models import Suggestion
from backend.tokens.enums import Scope
from tests.api.desk import API, refused, session, token_of, with_token
from tests.api.world import World
from tests.factories import MembershipFactory, WorkplaceFactory

pytestmark = pytest.mark.django_db


def post(world: World, who: str, path: str, body: dict | None = None):
    return world.clients[who].post(API + path, body or {}, format="json")


class TestOffers:
    def test_last_years_place_is_copied_once_for_a_key(self, world):
        source = world.offers["published"]
        where, before = f"{API}offers/{source.pk}/copy/", Offer.objects.filter(state="draft").count()
        first = world.clients["TK"].post(where, {}, format="json", HTTP_IDEMPOTENCY_KEY="igen")
        again = world.clients["TK"].post(where, {}, format="json", HTTP_IDEMPOTENCY_KEY="igen")
        assert (first.status_code, first.json()["state"], first.json()["title"]) == (201, "draft", source.title)
        assert again.json()["id"] == first.json()["id"] != source.pk
        assert first["Location"].endswith(f"offers/{first.json()['id']}/")
        assert Offer.objects.filter(state="draft").count() == before + 1

    @pytest.mark.parametrize("name", ["publication", "send-back"])
    def test_a_decision_is_undone_within_its_time_and_not_after(self, world, name):
        offer = Offer.objects.get(pk=world.ids[f"offer_undo_{name.replace('-', '_')}"])
        path = f"offers/{offer.pk}/undo-{name}/"
        assert post(world, "KO", path).json()["state"] == "submitted"
        late = {"state": offer.state, "published_at": offer.published_at, "undo_until": clock.now()}
        Offer.objects.filter(pk=offer.pk).update(**late)
        refused(post(world, "KO", path), 409, "offer.undo_late")


class TestMatches:
    def test_an_approval_is_undone_with_its_placement(self, world):
        match = world.ids["match_undo_approval"]
        assert post(world, "KO", f"matches/{match}/undo-approval/").json()["state"] == "proposed"
        assert not Placement.objects.filter(match=match).exists()

    def test_a_rejection_is_undone(self, world):
        match = world.ids["match_undo_rejection"]
        answer = post(world, "KO", f"matches/{match}/undo-rejection/").json()
        assert (answer["state"], answer["decision_reason"]) == ("proposed", "")

    def test_a_placement_is_ended_with_a_reason(self, world):
        path = f"placements/{world.ids['placement_id']}/end/"
        refused(post(world, "KO", path, {"reason": " "}), 400, "request.invalid", "reason")
        ended = post(world, "KO", path, {"reason": "Verkstaden stänger."}).json()
        assert (ended["state"], ended["ended_reason"]) == ("cancelled", "Verkstaden stänger.")


def test_an_application_is_marked_as_read_by_the_organisation_only(world):
    path = f"applications/{world.ids['application_id']}/read/"
    refused(post(world, "KO", path), 403, "application.not_answerer")
    assert Application.objects.get(pk=world.ids["application_id"]).read_at is None
    first = post(world, "CO", path).json()["read_at"]
    assert first is not None
    assert post(world, "CO", path).json()["read_at"] == first


def test_a_hidden_suggestion_is_not_listed_and_comes_back(world):
    client, pk = world.clients["ST"], world.ids["suggestion_id"]

    def listed() -> bool:
        return pk in {row["id"] for row in client.get(f"{API}suggestions/?limit=100").json()["results"]}

    assert listed()
    assert post(world, "ST", f"suggestions/{pk}/dismiss/").json() == {"is_dismissed": True}
    assert not listed()
    assert Suggestion.objects.get(pk=pk).dismissed_at is not None
    assert post(world, "ST", f"suggestions/{pk}/restore/").json() == {"is_dismissed": False}
    assert listed()


def test_all_notifications_are_read_at_once_and_nobody_elses(world):
    unread = Notification.objects.filter(recipient=world.people["ST"], read_at=None).count()
    others = Notification.objects.exclude(recipient=world.people["ST"]).filter(read_at=None).count()
    assert (unread > 0, others > 0) == (True, True)
    assert post(world, "ST", "notifications/read/").json() == {"number": unread}
    assert post(world, "ST", "notifications/read/").json() == {"number": 0}
    assert Notification.objects.exclude(recipient=world.people["ST"]).filter(read_at=None).count() == others


class TestHours:
    def patch(self, world, body):
        return world.clients["ST"].patch(f"{API}me/notification-preferences/", body, format="json")

    def test_quiet_hours_are_chosen_and_what_is_left_out_stays(self, world):
        hours = self.patch(world, {"hours": {"quiet_from": "21:00", "quiet_to": "07:00"}}).json()["hours"]
        assert (hours["quiet_from"], hours["quiet_to"], hours["paused_from"]) == ("21:00", "07:00", None)
        hours = self.patch(world, {"hours": {"paused_from": "2026-12-20", "paused_to": "2027-01-06"}}).json()["hours"]
        assert (hours["quiet_from"], hours["paused_to"]) == ("21:00", "2027-01-06")

    def test_what_contradicts_itself_changes_nothing(self, world):
        before = world.clients["ST"].get(f"{API}me/notification-preferences/").json()
        choice = next(
            {"category": row["category"], "channel": row["channel"], "slot": other}
            for row in before["preferences"]
            for other in row["choices"]
            if other != row["slot"]
        )
        body = {"preferences": [choice], "hours": {"quiet_from": "21:00", "quiet_to": "21:00"}}
        refused(self.patch(world, body), 400, "hours.contradiction", "quiet_to")
        assert world.clients["ST"].get(f"{API}me/notification-preferences/").json() == before
        assert not Hours.objects.filter(user=world.people["ST"]).exists()


class TestWorkplaces:
    def test_a_system_adds_one_and_changes_it(self, world):
        body = {"organisation": world.organisation, "name": "Lagret", "municipality": "0562"}
        made = world.clients["TK"].post(f"{API}workplaces/", body, format="json")
        assert (made.status_code, made.json()["municipality"]["code"]) == (201, "0562")
        where = made["Location"]
        tag = world.clients["TK"].get(where)["ETag"]
        changed = world.clients["TK"].patch(where, {"city": "Rejmyre"}, format="json", HTTP_IF_MATCH=tag).json()
        assert (changed["name"], changed["city"], changed["position_source"]) == ("Lagret", "Rejmyre", "town")
        assert made.json()["position_source"] == "municipality"
        refused(
            world.clients["TK"].patch(where, {"city": "Finspång"}, format="json", HTTP_IF_MATCH=tag),
            412,
            "precondition.changed",
        )

    def test_another_municipality_has_another_centre(self, world):
        where = f"{API}workplaces/{world.workplace}/"
        before = world.clients["CO"].get(where).json()["lat"]
        assert world.clients["CO"].patch(where, {"municipality": "2580"}, format="json").json()["lat"] > before + 5

    def test_none_is_made_for_a_neighbour(self, world):
        owner = world.people["CO"]
        other = Workplace.objects.exclude(organisation=world.organisation).first().organisation_id
        body = {"organisation": other, "name": "Lagret", "municipality": "0562"}
        number = Workplace.objects.count()
        refused(session(owner).post(f"{API}workplaces/", body, format="json"), 404, "not_found")
        refused(world.clients["TK"].post(f"{API}workplaces/", body, format="json"), 403, "token.other_organisation")
        reader = with_token(token_of(owner, Scope.OFFERS_READ))
        refused(reader.post(f"{API}workplaces/", body, format="json"), 403, "token.scope_missing")
        assert Workplace.objects.count() == number


def test_who_registers_an_organisation_owns_it(world):
    body = {"name": "Nya verken AB", "registration_number": "556016-0680", "municipality": "0562"}
    made = post(world, "S2", "organisations/", body)
    assert (made.status_code, made.json()["name"]) == (201, "Nya verken AB")
    assert world.people["S2"].memberships.get().role == "owner"
    refused(post(world, "C2", "organisations/", body), 409, "organisation.exists", "registration_number")
    wrong = body | {"registration_number": "556016-0681"}
    refused(post(world, "C2", "organisations/", wrong), 400, "organisation.bad_number", "registration_number")


class TestContacts:
    """Whom one calls at an organisation, by the same command as on the page."""

    def test_a_system_adds_changes_and_removes_one(self, world):
        client = world.clients["TK"]
        body = {"name": "Eva Ek", "role": "HR", "phone": "0122-850 01", "workplace": world.workplace}
        made = client.post(f"{API}organisations/{world.organisation}/contacts/", body, format="json")
        assert (made.status_code, made.json()["phone"]) == (201, "+4612285001")
        where = made["Location"]
        tag = client.get(where)["ETag"]
        changed = client.patch(where, {"workplace": None, "email": "Eva@x.example"}, format="json", HTTP_IF_MATCH=tag)
        assert changed.json() == {**made.json(), "workplace": None, "email": "eva@x.example"}
        refused(client.patch(where, {"name": "Eva Alm"}, format="json", HTTP_IF_MATCH=tag), 412, "precondition.changed")
        again = client.patch(where, changed.json(), format="json")
        assert again.json() == changed.json()
        assert client.delete(where).status_code == 204
        refused(client.get(where), 404, "not_found")

    @pytest.mark.parametrize(
        ("changes", "code", "field"),
        [
            ({"phone": "ring Eva"}, "phone.not_valid", "phone"),
            ({"email": "eva"}, "contact.bad_email", "email"),
            ({"phone": "", "email": ""}, "contact.no_way", "phone"),
            ({"workplace": 999999}, "contact.unknown_workplace", "workplace"),
        ],
    )
    def test_what_is_wrong_is_said_at_its_field(self, world, changes, code, field):
        where = f"{API}contacts/{world.ids['contact_id']}/"
        before = world.clients["CO"].get(where).json()
        refused(world.clients["CO"].patch(where, changes, format="json"), 400, code, field)
        assert world.clients["CO"].get(where).json() == before

    def test_a_token_of_one_organisation_knows_nothing_of_another(self, world):
        """Though its person keeps the contacts of both."""
        other = MembershipFactory(user=world.people["CO"], organisation=WorkplaceFactory().organisation).organisation
        contact = other.contacts.create(name="Ulf", phone="+4612285003")
        assert session(world.people["CO"]).get(f"{API}contacts/{contact.pk}/").status_code == 200
        for path in (f"contacts/{contact.pk}/", f"organisations/{other.pk}/contacts/"):
            refused(world.clients["TK"].get(API + path), 404, "not_found")
        refused(world.clients["TK"].delete(f"{API}contacts/{contact.pk}/"), 404, "not_found")
        assert other.contacts.exists()
