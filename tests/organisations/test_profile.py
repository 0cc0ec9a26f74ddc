"""What an organisation says of itself can be changed, its number is its own, and somebody can be called."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from backend.accounts import appointments
from backend.applications import services as applications
from backend.applications.models import Application
from backend.common import clock
from backend.common.errors import Invalid
from backend.common.models import LogEntry
from backend.organisations import numbers, profile, selectors
from backend.organisations.models import ContactPerson, Organisation
from tests.factories import (
    CoordinatorFactory,
    MembershipFactory,
    NetworkOfficerFactory,
    OfferFactory,
    OrganisationFactory,
    StudentFactory,
    UserFactory,
    WorkplaceFactory,
)
from tests.factories.refusals import refused
from tests.factories.rows import FINSPANG
from tests.web.desk import logged_in

pytestmark = pytest.mark.django_db

SOLE_TRADER = "6408233234"
SARA = profile.ContactDetails("Sara Nyqvist", "HR", " Sara@Firma.example ", "0122-850 00")


class TestNumbers:
    @pytest.mark.parametrize(
        ("written", "digits"),
        [
            ("556012-5790", "5560125790"),
            ("16556012-5790", "5560125790"),
            ("165560125790", "5560125790"),
            (" 556012 5790 ", "5560125790"),
            ("640823-3234", SOLE_TRADER),
            ("19640823-3234", SOLE_TRADER),
            ("640883-3231", "6408833231"),
        ],
    )
    def test_read_as_people_and_authorities_write_them(self, written, digits):
        assert numbers.clean_registration_number(written) == digits

    @pytest.mark.parametrize(
        "written",
        [
            "0000000000", "000000-0000", "160000000000", "1212121212", "19121212-1212", "5555555555", "16640823-3234",
            "19556012-5790", "556012-5791", "649923-3231", "25556012-5790", "55601257900", "５５６０１２５７９０", "",
        ],
    )  # fmt: skip
    def test_numbers_of_nobody_are_refused(self, written):
        with pytest.raises(Invalid) as refusal:
            numbers.clean_registration_number(written)
        assert (refusal.value.code, refusal.value.field) == ("organisation.bad_number", "registration_number")

    def test_a_sole_traders_is_shown_to_nobody_else(self):
        owner = MembershipFactory(role="owner", organisation__registration_number=SOLE_TRADER)
        organisation = owner.organisation
        offer = OfferFactory(workplace__organisation=organisation)
        coordinator: Any = CoordinatorFactory()
        desk, own = logged_in(coordinator), logged_in(owner.user)
        pages = [
            reverse("coordinator_organisations"),
            reverse("coordinator_organisations") + "?q=" + SOLE_TRADER,
            reverse("coordinator_offer", args=[offer.pk]),
            reverse("coordinator_organisations_csv"),
            f"/api/v1/organisations/{organisation.pk}/",
            reverse("open_places_json"),
            reverse("offer", args=[offer.pk]),
        ]
        for page in pages:
            answer = desk.get(page)
            text = b"".join(answer.streaming_content) if answer.streaming else answer.content
            shown = text.decode().replace(f'value="{SOLE_TRADER}"', "").replace(f"q={SOLE_TRADER}", "")
            assert answer.status_code == 200, page
            assert SOLE_TRADER not in shown, page
            assert "640823-3234" not in shown, page
        assert "640823-3234" in own.get(reverse("employer_organisation", args=[organisation.pk])).text

    def test_nobody_finds_out_whose_number_it_is(self):
        OfferFactory(workplace__organisation__registration_number=SOLE_TRADER)
        other = OfferFactory().organisation
        assert not selectors.list_organisations_in(FINSPANG, "640823-3234").exists()
        assert other.registration_number is not None
        assert selectors.list_organisations_in(FINSPANG, other.registration_number).get() == other


class TestChange:
    def change(self, member, **changes: Any) -> Organisation:
        details = profile.OrganisationDetails(**{"name": "Nya namnet AB", **changes})
        return profile.update_organisation(actor=member.user, organisation_id=member.organisation_id, details=details)

    def test_a_member_changes_the_texts(self):
        member = MembershipFactory()
        page = reverse("employer_organisation", args=[member.organisation_id])
        logged_in(member.user).post(page, {"name": "Nya namnet AB", "about": "Vi svetsar.", "website": "nya.example"})
        member.organisation.refresh_from_db()
        assert (member.organisation.name, member.organisation.about) == ("Nya namnet AB", "Vi svetsar.")
        assert member.organisation.website == "https://nya.example"
        entry = LogEntry.objects.get(action="organisation.updated")
        assert entry.data == {"fields": ["name", "about", "website"]}

    @pytest.mark.parametrize(
        ("changes", "code", "field"),
        [
            ({"name": " "}, "organisation.no_name", "name"),
            ({"name": "x" * 161}, "organisation.too_long", "name"),
            ({"website": "vår sida"}, "organisation.bad_website", "website"),
            ({"website": "javascript:alert(1)"}, "organisation.bad_website", "website"),
            ({"registration_number": "0000000000"}, "organisation.bad_number", "registration_number"),
            ({"registration_number": "556012-5790"}, "organisation.number_stays", "registration_number"),
        ],
    )
    def test_bad_input(self, changes, code, field):
        member = MembershipFactory(role="owner")
        refused(code, self.change, field=field, member=member, **changes)

    def test_an_owner_adds_a_missing_number_once(self):
        owner = MembershipFactory(role="owner", organisation__registration_number=None)
        colleague = MembershipFactory(organisation=owner.organisation)
        refused("organisation.not_owner", self.change, member=colleague, registration_number="556012-5790")
        OrganisationFactory(registration_number="5560360793")
        refused(
            "organisation.number_taken",
            self.change,
            field="registration_number",
            member=owner,
            registration_number="556036-0793",
        )
        assert self.change(owner, registration_number="556012-5790").registration_number == "5560125790"

    def test_only_the_own_one(self):
        stranger = MembershipFactory()
        refused(
            "organisation.unknown",
            profile.update_organisation,
            actor=stranger.user,
            organisation_id=OrganisationFactory().pk,
            details=profile.OrganisationDetails(name="Kapad AB"),
        )


class TestContacts:
    def test_kept_as_networks_write_it_and_shown_as_people_do(self):
        member = MembershipFactory()
        page = reverse("organisation_contacts", args=[member.organisation_id])
        client = logged_in(member.user)
        client.post(page, {"name": "Sara", "role": "HR", "phone": "0122 - 850 00", "email": "", "workplace": ""})
        contact = ContactPerson.objects.get()
        assert contact.phone == "+4612285000"
        text = client.get(page).text
        assert "0122-850 00" in text
        assert 'href="tel:+4612285000"' in text
        client.post(reverse("organisation_contact", args=[member.organisation_id, contact.pk]),
                    {"name": "Sara Ny", "phone": "0122-850 01"})  # fmt: skip
        contact.refresh_from_db()
        assert (contact.name, contact.phone) == ("Sara Ny", "+4612285001")
        client.post(reverse("organisation_contact_remove", args=[member.organisation_id, contact.pk]))
        assert not ContactPerson.objects.exists()
        assert "Sara" not in str(list(LogEntry.objects.values_list("data", "reason")))

    def test_who_keeps_them(self):
        workplace = WorkplaceFactory()
        member = MembershipFactory(organisation=workplace.organisation)
        officer: Any = NetworkOfficerFactory()
        coordinator: Any = CoordinatorFactory()
        save = profile.save_contact
        for actor in (member.user, coordinator):
            save(actor=actor, organisation_id=workplace.organisation_id, details=SARA)
        for actor in (officer, CoordinatorFactory(municipality="2021"), MembershipFactory().user, UserFactory()):
            refused("organisation.unknown", save, actor=actor, organisation_id=workplace.organisation_id, details=SARA)
        appointments.end_role(actor=officer, role_id=coordinator.roles.get().pk)
        save(actor=officer, organisation_id=workplace.organisation_id, details=SARA)

    @pytest.mark.parametrize(
        ("details", "code", "field"),
        [
            (profile.ContactDetails("", phone="0122-850 00"), "contact.no_name", "name"),
            (profile.ContactDetails("Sara"), "contact.no_way", "phone"),
            (profile.ContactDetails("Sara", phone="ring"), "phone.not_valid", "phone"),
            (profile.ContactDetails("Sara", email="sara"), "contact.bad_email", "email"),
            (profile.ContactDetails("Sara", "x" * 81, phone="0122-850 00"), "contact.too_long", "role"),
            (
                profile.ContactDetails("S", phone="0122-850 00", workplace_id=9_999),
                "contact.unknown_workplace",
                "workplace",
            ),
        ],
    )
    def test_bad_input(self, details, code, field):
        member = MembershipFactory()
        refused(
            code,
            profile.save_contact,
            field=field,
            actor=member.user,
            organisation_id=member.organisation_id,
            details=details,
        )

    def test_the_workplaces_own_before_the_organisations_never_anothers(self):
        here = WorkplaceFactory()
        there = WorkplaceFactory(organisation=here.organisation)
        member = MembershipFactory(organisation=here.organisation)
        for name, workplace in (("Alla", None), ("Här", here.pk), ("Där", there.pk)):
            details = profile.ContactDetails(name, phone="0122-850 00", workplace_id=workplace)
            profile.save_contact(actor=member.user, organisation_id=here.organisation_id, details=details)
        rows = selectors.contacts_of([here.organisation_id])[here.organisation_id]
        for workplace_id, name in ((here.pk, "Här"), (there.pk, "Där"), (0, "Alla")):
            found = selectors.whom_to_call(rows, workplace_id)
            assert found is not None
            assert found.name == name
        assert selectors.whom_to_call([], here.pk) is None

    def test_the_number_stands_beside_who_has_not_answered(self):
        offer = OfferFactory()
        member = MembershipFactory(organisation=offer.organisation)
        profile.save_contact(actor=member.user, organisation_id=offer.organisation_id, details=SARA)
        silent = applications.submit_application(actor=StudentFactory().user, period_id=offer.periods.get().pk)
        Application.objects.filter(pk=silent.pk).update(escalated_at=clock.now())
        coordinator: Any = CoordinatorFactory()
        text = logged_in(coordinator).get(reverse("coordinator_silence")).text
        assert "Sara Nyqvist" in text
        assert "0122-850 00" in text

    def test_they_are_not_public(self):
        offer = OfferFactory()
        member = MembershipFactory(organisation=offer.organisation)
        profile.save_contact(actor=member.user, organisation_id=offer.organisation_id, details=SARA)
        student: Any = StudentFactory().user
        for page in (reverse("offer", args=[offer.pk]), reverse("open_places_json"), f"/api/v1/offers/{offer.pk}/"):
            text = logged_in(student).get(page).text
            assert "Sara" not in text
            assert "4612285000" not in text

    def test_the_database_holds_the_form_of_a_number(self):
        for values in ({"phone": "0122-850 00"}, {"phone": "", "email": ""}):
            with pytest.raises(IntegrityError), transaction.atomic():
                ContactPerson.objects.create(organisation=OrganisationFactory(), name="Sara", **values)
