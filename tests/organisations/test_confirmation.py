"""Whether somebody has made sure who an organisation is: said at every decision, and what waits for it."""

from typing import Any

import pytest
from django.urls import reverse

from backend.common.models import LogEntry
from backend.organisations.claims import claim_organisation
from backend.organisations.confirmation import confirm_organisation, unconfirm_organisation
from backend.organisations.importing import ImportedOrganisation, save_imported_organisation
from backend.organisations.models import Organisation, TrustedOrganisation
from backend.organisations.services import register_organisation, set_trust
from backend.organisations.team import invite_colleague
from backend.placements.gates import gates_of
from tests.factories import (
    CoordinatorFactory,
    MembershipFactory,
    NetworkOfficerFactory,
    OfferFactory,
    UserFactory,
    WorkplaceFactory,
)
from tests.factories.refusals import refused
from tests.web.desk import logged_in
from tests.web.test_coordinator_queues import accepted

pytestmark = pytest.mark.django_db
NUMBER = "556036-0793"


@pytest.fixture
def owner() -> Any:
    return UserFactory(name="Sara Nyqvist", email="sara@svets.example")


@pytest.fixture
def organisation(owner: Any) -> Organisation:
    made = register_organisation(actor=owner, name="Svetsen AB", registration_number=NUMBER, municipality_code="0562")
    WorkplaceFactory(organisation=made)
    return made


@pytest.fixture
def karin() -> Any:
    return CoordinatorFactory(name="Karin Ek")


class TestUnconfirmed:
    def test_registering_says_who_and_from_where(self, organisation, owner):
        assert not organisation.is_confirmed
        assert (organisation.registered_by, organisation.registered_from) == (owner, "sara@svets.example")

    def test_it_invites_nobody_until_it_is_confirmed(self, organisation, owner, karin):
        refused(
            "organisation.unconfirmed",
            invite_colleague,
            actor=owner,
            organisation=organisation,
            email="b@svets.example",
        )
        confirmed = confirm_organisation(actor=karin, organisation_id=organisation.pk, how="call", note="Växeln.")
        assert invite_colleague(actor=owner, organisation=confirmed, email="b@svets.example")

    def test_it_can_not_be_trusted(self, organisation, karin):
        refused(
            "organisation.unconfirmed",
            set_trust,
            actor=karin,
            municipality_code="0562",
            organisation=organisation,
            trusted=True,
        )

    def test_it_stands_at_both_decisions_and_in_the_list(self, organisation, karin):
        offer: Any = OfferFactory(
            state="submitted", published_at=None, workplace=organisation.workplaces.get(), organisation=organisation
        )
        desk = logged_in(karin)
        for page in (reverse("coordinator_offer", args=[offer.pk]), reverse("coordinator_offers")):
            assert "sara@svets.example" in desk.get(page).text
        assert "Unconfirmed" in desk.get(reverse("coordinator_organisations")).text
        match = accepted()
        Organisation.objects.filter(pk=match.period.offer.organisation_id).update(confirmation="", confirmed_at=None)
        match.period.offer.organisation.refresh_from_db()
        gate = next(each for each in gates_of(match) if each.code == "organisation_unconfirmed")
        assert not gate.is_blocking
        confirm_organisation(actor=karin, organisation_id=organisation.pk, how="register")
        assert "sara@svets.example" not in desk.get(reverse("coordinator_offers")).text


class TestConfirming:
    def test_how_when_and_who_are_kept_and_logged(self, organisation, karin):
        found = confirm_organisation(actor=karin, organisation_id=organisation.pk, how="call", note=" Växeln. ")
        assert (found.confirmation, found.confirmation_note, found.confirmed_by) == ("call", "Växeln.", karin)
        entry = LogEntry.objects.get(action="organisation.confirmed")
        assert (entry.actor, entry.reason, entry.data["how"]) == (karin, "Växeln.", "call")
        refused(
            "organisation.confirmed", confirm_organisation, actor=karin, organisation_id=organisation.pk, how="call"
        )

    @pytest.mark.parametrize("how", ["", "imported", "guess"])
    def test_what_was_checked_has_to_be_said(self, organisation, karin, how):
        refused(
            "organisation.unknown_check",
            confirm_organisation,
            field="how",
            actor=karin,
            organisation_id=organisation.pk,
            how=how,
        )

    def test_nobody_else_confirms_and_nobody_the_own(self, organisation, owner, karin):
        for stranger in (owner, UserFactory(), CoordinatorFactory(municipality="2580")):
            refused(
                "organisation.unknown",
                confirm_organisation,
                actor=stranger,
                organisation_id=organisation.pk,
                how="call",
            )
        MembershipFactory(user=karin, organisation=organisation)
        refused("organisation.unknown", confirm_organisation, actor=karin, organisation_id=organisation.pk, how="call")
        page = logged_in(karin).get(reverse("organisation_confirm", args=[organisation.pk]))
        assert "so a colleague confirms it" in page.text

    def test_taken_back_it_is_trusted_nowhere(self, organisation, karin):
        confirmed = confirm_organisation(actor=karin, organisation_id=organisation.pk, how="known")
        set_trust(actor=karin, municipality_code="0562", organisation=confirmed, trusted=True)
        refused(
            "organisation.no_reason",
            unconfirm_organisation,
            field="reason",
            actor=karin,
            organisation_id=organisation.pk,
            reason=" ",
        )
        again = unconfirm_organisation(actor=karin, organisation_id=organisation.pk, reason="Bluff.")
        assert not again.is_confirmed
        assert not TrustedOrganisation.objects.exists()

    def test_the_page_does_it(self, organisation, karin):
        desk, page = logged_in(karin), reverse("organisation_confirm", args=[organisation.pk])
        shown = desk.get(page).text
        for word in ("sara@svets.example", "Sara Nyqvist", "Svetsen AB", "556036-0793"):
            assert word in shown
        assert desk.post(page, {"how": ""}).status_code == 400
        assert desk.post(page, {"how": "call", "note": "Växeln"}).status_code == 302
        assert "Växeln" in desk.get(page).text
        undo = reverse("organisation_unconfirm", args=[organisation.pk])
        assert desk.post(undo, {"reason": "Bluff."}).status_code == 302
        assert not Organisation.objects.get(pk=organisation.pk).is_confirmed
        assert logged_in(CoordinatorFactory(municipality="2580")).get(page).status_code == 404


class TestMunicipalUnits:
    def test_only_the_network_office_names_one(self, organisation, karin):
        arguments = {"name": "Bruket", "registration_number": "212000-0423", "municipality_code": "0562"}
        refused(
            "organisation.municipal_kind",
            register_organisation,
            field="kind",
            actor=UserFactory(),
            kind="municipal_unit",
            **arguments,
        )
        refused(
            "organisation.municipal_kind",
            confirm_organisation,
            field="kind",
            actor=karin,
            organisation_id=organisation.pk,
            how="call",
            kind="municipal_unit",
        )
        office = NetworkOfficerFactory()
        found = confirm_organisation(
            actor=office, organisation_id=organisation.pk, how="register", kind="municipal_unit"
        )
        assert found.kind == "municipal_unit"
        assert 'value="municipal_unit"' not in logged_in(UserFactory()).get(reverse("employer_register")).text


def test_what_comes_from_an_official_list_is_confirmed_by_it():
    office: Any = NetworkOfficerFactory()
    made, _outcome = save_imported_organisation(
        actor=office, details=ImportedOrganisation("yh", "a-1", "Yrkeshögskolan", "education_provider", "0562")
    )
    assert (made.confirmation, made.confirmed_by) == ("imported", office)
    user: Any = UserFactory()
    claim_organisation(actor=user, organisation_id=made.pk, role="Rektor", email=user.email)
