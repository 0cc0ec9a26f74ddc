"""Organisations, their workplaces, and whom a municipality trusts."""

import pytest
from django.db import IntegrityError, transaction

from backend.common.models import LogEntry
from backend.organisations import policies, selectors, services
from backend.organisations.models import Membership, Organisation, TrustedOrganisation, Workplace
from backend.organisations.municipality_settings import MunicipalityChoices, save_municipality_settings
from backend.organisations.services import WorkplaceDetails
from tests.factories import (
    CoordinatorFactory,
    MembershipFactory,
    NetworkOfficerFactory,
    OrganisationFactory,
    UserFactory,
    WorkplaceFactory,
)
from tests.factories.refusals import refused
from tests.factories.rows import FINSPANG

pytestmark = pytest.mark.django_db

GOOD = {"name": "Rörbruket AB", "registration_number": "556036-0793", "municipality_code": FINSPANG}


class TestRegister:
    def test_whoever_registers_becomes_the_owner(self):
        user = UserFactory()
        organisation = services.register_organisation(actor=user, **GOOD)
        assert organisation.registration_number == "5560360793"
        assert organisation.registration_number_label == "556036-0793"
        assert Membership.objects.get().role == "owner"
        assert policies.can_act_for(user, organisation)
        assert selectors.list_organisations_of(user) == [organisation]

    @pytest.mark.parametrize("text", ["5560360793", "556036-0793", " 556036-0793 "])
    def test_ways_to_write_the_number(self, text):
        assert services.clean_registration_number(text) == "5560360793"

    @pytest.mark.parametrize("number", ["556036-0794", "55603607", "", "abc", "556036-07933", "5560360793x"])
    def test_the_number_needs_its_length_and_check_digit(self, number):
        refused(
            "organisation.bad_number",
            services.register_organisation,
            field="registration_number",
            actor=UserFactory(),
            **GOOD | {"registration_number": number},
        )

    @pytest.mark.parametrize("length_ok", [True, False])
    def test_every_other_check_digit_is_wrong(self, length_ok):
        right = [d for d in range(10) if _is_valid(f"556036079{d}" if length_ok else f"55603607{d}")]
        assert right == ([3] if length_ok else [])

    @pytest.mark.parametrize(
        ("change", "code", "field"),
        [
            ({"name": " "}, "organisation.no_name", "name"),
            ({"name": "x" * 161}, "organisation.too_long", "name"),
            ({"municipality_code": "9999"}, "municipality.unknown", "municipality"),
            ({"municipality_code": ""}, "municipality.unknown", "municipality"),
            ({"kind": "sect"}, "organisation.unknown_kind", "kind"),
        ],
    )
    def test_mistakes(self, change, code, field):
        refused(code, services.register_organisation, field=field, actor=UserFactory(), **GOOD | change)

    def test_the_same_organisation_twice(self):
        services.register_organisation(actor=UserFactory(), **GOOD)
        refused(
            "organisation.exists",
            services.register_organisation,
            field="registration_number",
            actor=UserFactory(),
            **GOOD | {"name": "Någon annan", "registration_number": "5560360793"},
        )

    def test_the_number_stays_out_of_the_log(self):
        organisation = services.register_organisation(actor=UserFactory(), **GOOD)
        entry = LogEntry.objects.get(subject_type="organisation", subject_id=organisation.pk)
        assert "5560360793" not in f"{entry.reason} {entry.data}"

    @pytest.mark.parametrize("number", ["556036079", "55603607AB"])
    def test_the_table_keeps_ten_digits(self, number):
        with pytest.raises(IntegrityError, match="registration_number_ten_digits"), transaction.atomic():
            OrganisationFactory(registration_number=number)


def _is_valid(number: str) -> bool:
    from backend.common.errors import Invalid

    try:
        return bool(services.clean_registration_number(number))
    except Invalid:
        return False


class TestWorkplaces:
    @pytest.fixture
    def organisation(self):
        return OrganisationFactory()

    @pytest.fixture
    def member(self, organisation):
        return MembershipFactory(organisation=organisation).user

    def test_without_coordinates_it_lies_in_the_middle_of_the_municipality(self, organisation, member):
        details = WorkplaceDetails(name=" Gjuteriet ", municipality_code=FINSPANG, postcode="123 45")
        saved = services.save_workplace(actor=member, organisation=organisation, details=details)
        assert (saved.name, saved.postcode) == ("Gjuteriet", "12345")
        assert (saved.lat, saved.lon) == (saved.municipality.lat, saved.municipality.lon)

    def test_a_change(self, organisation, member):
        workplace = WorkplaceFactory(organisation=organisation)
        details = WorkplaceDetails(name="Nya", municipality_code="0882", lat=57.26, lon=16.45)
        services.save_workplace(actor=member, organisation=organisation, details=details, workplace=workplace)
        workplace.refresh_from_db()
        assert (workplace.name, workplace.municipality_id, workplace.lat) == ("Nya", "0882", 57.26)
        assert Workplace.objects.count() == 1

    @pytest.mark.parametrize(
        ("change", "code", "field"),
        [
            ({"name": " "}, "workplace.no_name", "name"),
            ({"name": "x" * 161}, "workplace.too_long", "name"),
            ({"postcode": "123 45 67"}, "workplace.too_long", "postcode"),
            ({"municipality_code": "562"}, "municipality.unknown", "municipality"),
            ({"lat": 48.8, "lon": 2.3}, "workplace.not_in_sweden", "lat"),
            ({"lat": 15.77, "lon": 58.71}, "workplace.not_in_sweden", "lat"),
            ({"lat": float("nan"), "lon": 15.0}, "workplace.not_in_sweden", "lat"),
        ],
    )
    def test_mistakes(self, organisation, member, change, code, field):
        details = WorkplaceDetails(**{"name": "Gjuteriet", "municipality_code": FINSPANG} | change)
        refused(code, services.save_workplace, field=field, actor=member, organisation=organisation, details=details)

    def test_someone_elses_workplace(self, organisation, member):
        details = WorkplaceDetails(name="Gjuteriet", municipality_code=FINSPANG)
        arguments = {"organisation": organisation, "details": details, "workplace": WorkplaceFactory()}
        refused("workplace.not_own", services.save_workplace, field="workplace", actor=member, **arguments)

    def test_only_members(self, organisation, member):
        details = WorkplaceDetails(name="Gjuteriet", municipality_code=FINSPANG)
        member.is_active = False
        for user in (member, MembershipFactory().user, CoordinatorFactory(), NetworkOfficerFactory()):
            refused(
                "organisation.not_member",
                services.save_workplace,
                actor=user,
                organisation=organisation,
                details=details,
            )

    def test_the_table_keeps_to_sweden(self):
        with pytest.raises(IntegrityError, match="workplace_in_sweden"), transaction.atomic():
            WorkplaceFactory(lat=15.77, lon=58.71)


class TestTrust:
    @pytest.mark.parametrize("who", [MembershipFactory, NetworkOfficerFactory, UserFactory])
    def test_only_the_municipalitys_own_coordinator(self, who):
        made = who()
        strangers = [getattr(made, "user", made), CoordinatorFactory(municipality="0882")]
        for user in strangers:
            refused(
                "municipality.not_coordinator",
                services.set_trust,
                actor=user,
                municipality_code=FINSPANG,
                organisation=OrganisationFactory.build(pk=1),
                trusted=True,
            )
            refused(
                "municipality.not_coordinator",
                save_municipality_settings,
                actor=user,
                municipality_code=FINSPANG,
                choices=MunicipalityChoices(trusted_may_publish=True),
            )

    def test_trust_given_and_taken_back(self):
        coordinator, organisation = CoordinatorFactory(), OrganisationFactory()
        arguments = {"actor": coordinator, "municipality_code": FINSPANG, "organisation": organisation}
        assert not selectors.may_publish_unreviewed(organisation.pk, FINSPANG)
        services.set_trust(**arguments, trusted=True)
        services.set_trust(**arguments, trusted=True)
        assert TrustedOrganisation.objects.count() == 1
        assert not selectors.may_publish_unreviewed(organisation.pk, FINSPANG)
        save_municipality_settings(
            actor=coordinator, municipality_code=FINSPANG, choices=MunicipalityChoices(trusted_may_publish=True)
        )
        assert selectors.may_publish_unreviewed(organisation.pk, FINSPANG)
        assert not selectors.may_publish_unreviewed(organisation.pk, "0882")
        assert not selectors.may_publish_unreviewed(organisation.pk, None)
        services.set_trust(**arguments, trusted=False)
        assert not selectors.may_publish_unreviewed(organisation.pk, FINSPANG)
        assert "organisation.untrusted" in LogEntry.objects.values_list("action", flat=True)
        assert Organisation.objects.count() == 1
