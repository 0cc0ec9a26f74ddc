"""Tokens: who makes them, what they open, how they end, and that nobody can read one back."""

from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from backend.common.models import LogEntry
from backend.tokens.enums import ORGANISATION_SCOPES, PERSONAL_SCOPES, Scope
from backend.tokens.models import ApiToken
from backend.tokens.selectors import find_token, list_tokens
from backend.tokens.services import MAX_TOKENS, TokenDetails, create_token, note_use, revoke_token
from tests.factories import CoordinatorFactory, MembershipFactory, NetworkOfficerFactory, StudentFactory, UserFactory
from tests.factories.refusals import refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def membership():
    return MembershipFactory(role="owner")


def details(**changes) -> TokenDetails:
    return TokenDetails(**{"name": "Affärssystemet", "scopes": ["offers:read"], **changes})


def make(user, **changes):
    return create_token(actor=user, user=user, details=details(**changes))


class TestMaking:
    def test_only_a_hash_is_kept(self, membership):
        made = make(membership.user)
        row = ApiToken.objects.get()
        assert made.secret.startswith(f"{row.prefix}_")
        assert len(made.secret) > 50
        secret = made.secret.removeprefix(row.prefix)
        assert not any(secret in str(value) for value in vars(row).values())
        assert secret not in str(list(LogEntry.objects.values()))
        assert find_token(made.secret) == row

    def test_two_are_never_alike(self, membership):
        assert len({make(membership.user).secret for _ in range(5)}) == 5

    def test_students_the_office_and_others_make_none(self):
        for user in (StudentFactory().user, NetworkOfficerFactory(), UserFactory()):
            refused("token.not_allowed", create_token, actor=user, user=user, details=details())

    def test_coordinators_make_their_own(self):
        assert make(CoordinatorFactory()).token.organisation is None

    def test_nobody_makes_one_for_another(self, membership):
        other = CoordinatorFactory()
        refused("token.not_allowed", create_token, actor=other, user=membership.user, details=details())

    @pytest.mark.parametrize(
        ("code", "field", "changes"),
        [
            ("token.no_name", "name", {"name": " "}),
            ("token.too_long", "name", {"name": "x" * 61}),
            ("token.no_scope", "scopes", {"scopes": []}),
            ("token.unknown_scope", "scopes", {"scopes": ["everything"]}),
            ("token.bad_days", "days", {"days": 0}),
            ("token.bad_days", "days", {"days": 367}),
        ],
    )
    def test_wrong_input_is_named(self, membership, code, field, changes):
        user = membership.user
        refused(code, create_token, field=field, actor=user, user=user, details=details(**changes))

    def test_there_is_an_end_to_how_many(self, membership):
        for _ in range(MAX_TOKENS):
            make(membership.user)
        user = membership.user
        refused("token.too_many", create_token, actor=user, user=user, details=details())
        revoke_token(actor=user, token_id=ApiToken.objects.first().pk)
        assert make(user).token.pk


class TestOrganisations:
    def test_an_owner_makes_the_organisations(self, membership):
        made = make(membership.user, organisation_id=membership.organisation_id)
        assert made.token.organisation == membership.organisation

    def test_a_member_and_a_stranger_do_not(self, membership):
        member = MembershipFactory(organisation=membership.organisation).user
        stranger = MembershipFactory(role="owner").user
        for user in (member, stranger):
            wanted = details(organisation_id=membership.organisation_id)
            refused("token.not_owner", create_token, field="organisation", actor=user, user=user, details=wanted)

    @pytest.mark.parametrize("scope", sorted(PERSONAL_SCOPES))
    def test_what_belongs_to_a_person_is_not_the_organisations(self, membership, scope):
        user, wanted = membership.user, details(organisation_id=membership.organisation_id, scopes=[scope])
        refused("token.personal_scope", create_token, field="scopes", actor=user, user=user, details=wanted)

    def test_each_scope_is_one_or_the_other(self):
        assert set(Scope) == PERSONAL_SCOPES | ORGANISATION_SCOPES
        assert not PERSONAL_SCOPES & ORGANISATION_SCOPES

    def test_it_ends_with_the_ownership(self, membership):
        made = make(membership.user, organisation_id=membership.organisation_id)
        membership.role = "member"
        membership.save()
        assert find_token(made.secret) is None


class TestEnding:
    def test_it_ends_with_its_last_moment(self, membership, frozen_clock):
        made = make(membership.user, days=1)
        frozen_clock.shift(timedelta(hours=23, minutes=59))
        assert find_token(made.secret)
        frozen_clock.shift(timedelta(minutes=1))
        assert find_token(made.secret) is None

    def test_it_ends_with_the_account(self, membership):
        made = make(membership.user)
        membership.user.is_active = False
        membership.user.save()
        assert find_token(made.secret) is None

    def test_it_ends_when_revoked_and_again_is_harmless(self, membership):
        made = make(membership.user)
        for _ in range(2):
            revoke_token(actor=membership.user, token_id=made.token.pk)
        assert find_token(made.secret) is None
        assert not list_tokens(membership.user)
        assert LogEntry.objects.filter(action="token.revoked").count() == 1

    def test_a_fellow_owner_revokes_the_organisations_but_no_persons(self, membership):
        fellow = MembershipFactory(organisation=membership.organisation, role="owner").user
        shared = make(membership.user, organisation_id=membership.organisation_id).token
        own = make(membership.user).token
        assert list(list_tokens(fellow)) == [shared]
        revoke_token(actor=fellow, token_id=shared.pk)
        refused("token.unknown", revoke_token, actor=fellow, token_id=own.pk)

    def test_a_member_and_a_stranger_see_none(self, membership):
        token = make(membership.user, organisation_id=membership.organisation_id).token
        for user in (MembershipFactory(organisation=membership.organisation).user, CoordinatorFactory()):
            assert not list_tokens(user)
            refused("token.unknown", revoke_token, actor=user, token_id=token.pk)


def test_use_is_noted_by_the_day(membership, frozen_clock, django_assert_num_queries):
    token = make(membership.user).token
    note_use(token)
    token.refresh_from_db()
    assert token.last_used_on == date(2026, 11, 23)
    with django_assert_num_queries(0):
        note_use(token)
    frozen_clock.shift(timedelta(days=1))
    note_use(token)
    token.refresh_from_db()
    assert token.last_used_on == date(2026, 11, 24)


class TestConsole:
    def run(self, *arguments: str) -> str:
        out = StringIO()
        call_command("create_token", *arguments, stdout=out)
        return out.getvalue().strip()

    def test_an_operator_makes_one_for_anyone(self):
        student = StudentFactory()
        secret = self.run("--email", student.user.email.upper(), "--scopes", "profile:read,applications:read")
        token = find_token(secret)
        assert (token.user, token.scopes) == (student.user, ["applications:read", "profile:read"])
        assert LogEntry.objects.get(action="token.created").actor is None

    @pytest.mark.parametrize(
        ("arguments", "what"),
        [
            (["--email", "nobody@school.example", "--scopes", "offers:read"], "--email"),
            (["--email", "KNOWN", "--scopes", "all"], "--scopes"),
            (["--email", "KNOWN", "--scopes", "offers:read", "--days", "500"], "days"),
            (["--email", "KNOWN", "--scopes", "offers:read", "--organisation", "1"], "organisation"),
        ],
    )
    def test_what_is_wrong_is_named(self, arguments, what):
        known = UserFactory().email
        with pytest.raises(CommandError, match=what):
            self.run(*[known if word == "KNOWN" else word for word in arguments])
        assert not ApiToken.objects.exists()
