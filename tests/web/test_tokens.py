"""The page of tokens: made, shown once, revoked; and the page that says how they are used."""

import pytest
from django.urls import reverse

from backend.api.v1.urls import urlpatterns
from backend.tokens.models import ApiToken
from backend.tokens.selectors import find_token
from backend.tokens.services import TokenDetails, create_token
from tests.factories import CoordinatorFactory, MembershipFactory
from tests.web.desk import logged_in, make_company

pytestmark = pytest.mark.django_db


def shown_secret(response) -> str:
    """The secret on the page, which holds it exactly once."""
    words = [word for word in response.content.decode().replace("<", " ").replace(">", " ").split() if "pnv_" in word]
    (secret,) = [word for word in words if len(word) > 30]
    return secret


def test_an_owner_makes_one_for_the_organisation_and_sees_it_once():
    company = make_company()
    page = reverse("tokens")
    data = {
        "name": "Affärssystemet",
        "organisation": str(company.organisation.pk),
        "scopes": ["offers:read", "offers:write"],
        "days": "90",
    }
    made = company.client.post(page, data)
    token = find_token(shown_secret(made))
    assert (token.organisation, token.scopes) == (company.organisation, ["offers:read", "offers:write"])
    assert "no-store" in made["Cache-Control"]
    again = company.client.get(page).content.decode()
    assert token.prefix in again
    assert shown_secret(made) not in again


def test_what_is_wrong_stands_beside_the_field_and_nothing_typed_is_lost():
    company = make_company()
    data = {"name": "Lager", "organisation": str(company.organisation.pk), "scopes": ["profile:read"], "days": "30"}
    response = company.client.post(reverse("tokens"), data)
    assert response.status_code == 400
    assert "This belongs to a person, not to an organisation." in response.content.decode()
    assert 'value="Lager"' in response.content.decode()
    assert not ApiToken.objects.exists()


def test_a_coordinator_has_only_own_ones():
    client = logged_in(CoordinatorFactory())
    data = {"name": "Statistik", "organisation": "own", "scopes": ["placements:read"], "days": "365"}
    assert find_token(shown_secret(client.post(reverse("tokens"), data))).organisation is None
    assert client.post(reverse("tokens"), {**data, "organisation": "1"}).status_code == 400


def test_revoked_is_gone_and_others_can_not():
    company = make_company()
    made = create_token(actor=company.owner, user=company.owner, details=TokenDetails("Lager", ["offers:read"]))
    where = reverse("token_revoke", args=[made.token.pk])
    assert logged_in(MembershipFactory().user).post(where).status_code == 404
    assert find_token(made.secret)
    page = company.client.post(where, follow=True).content.decode()
    assert find_token(made.secret) is None
    assert made.token.prefix not in page


@pytest.mark.parametrize("number", [1, 6])
def test_the_page_takes_a_constant_number_of_queries(number, django_assert_max_num_queries):
    company = make_company()
    for _ in range(number):
        wanted = TokenDetails("Lager", ["offers:read"], company.organisation.pk)
        create_token(actor=company.owner, user=company.owner, details=wanted)
    with django_assert_max_num_queries(12):
        assert company.client.get(reverse("tokens")).status_code == 200


def test_the_documentation_names_every_address(client):
    page = client.get(reverse("api_docs")).content.decode()
    routes = [
        str(each.pattern).replace("<int:", "{").replace(">", "}") for each in urlpatterns if each.name != "unknown"
    ]
    assert [route for route in routes if f"/api/v1/{route}" not in page and route != "schema/"] == []
    assert "<script>" not in page
