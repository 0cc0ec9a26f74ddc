"""The pages of webhooks: the secret once, own addresses only, and what was sent."""

import pytest
from django.urls import reverse

from backend.common import events
from backend.exchange.models import WebhookDelivery, WebhookEndpoint
from backend.exchange.webhooks import services
from backend.exchange.webhooks.signing import secret_of
from tests.factories import CoordinatorFactory, MembershipFactory
from tests.web.desk import logged_in, make_company

pytestmark = pytest.mark.django_db
URL = "https://hook.example.com/in"


@pytest.fixture
def company():
    return make_company()


def register(company):
    data = {"owner": f"o{company.organisation.pk}", "url": URL, "kinds": ["offer.published", "offer.closed"]}
    return company.client.post(reverse("webhooks"), data)


def test_the_secret_is_shown_once(company):
    response = register(company)
    endpoint = WebhookEndpoint.objects.get()
    secret = secret_of(endpoint.seed)
    assert secret in response.text
    for page in (reverse("webhooks"), reverse("webhook", args=[endpoint.pk])):
        assert "whsec_" not in company.client.get(page).text
    renewed = company.client.post(reverse("webhook", args=[endpoint.pk]), {"renew": "1"})
    assert "whsec_" in renewed.text
    assert secret not in renewed.text


@pytest.mark.parametrize("url", ["http://example.com/", "https://10.0.0.1/", ""])
def test_a_bad_address_is_refused_next_to_its_field(company, url):
    data = {"owner": f"o{company.organisation.pk}", "url": url, "kinds": ["offer.published"]}
    response = company.client.post(reverse("webhooks"), data)
    assert response.status_code == 400
    assert "id_url_error" in response.text
    assert not WebhookEndpoint.objects.exists()


def test_from_trial_to_removal(company):
    register(company)
    endpoint = WebhookEndpoint.objects.get()
    for name in ("webhook_trial", "webhook_pause", "webhook_resume"):
        assert company.client.post(reverse(name, args=[endpoint.pk])).status_code == 302
    delivery = WebhookDelivery.objects.get()
    assert str(delivery.message_id) in company.client.get(reverse("webhook", args=[endpoint.pk])).text
    WebhookDelivery.objects.update(state="dead")
    company.client.post(reverse("webhook_replay", args=[delivery.pk]))
    delivery.refresh_from_db()
    assert delivery.state == "pending"
    data = {"url": "https://other.example.com/", "kinds": ["offer.closed"]}
    company.client.post(reverse("webhook", args=[endpoint.pk]), data)
    endpoint.refresh_from_db()
    assert (endpoint.url, endpoint.kinds) == ("https://other.example.com/", ["offer.closed"])
    company.client.post(reverse("webhook_delete", args=[endpoint.pk]))
    assert company.client.get(reverse("webhook", args=[endpoint.pk])).status_code == 404


def test_others_do_not_know_of_it(company):
    register(company)
    endpoint = WebhookEndpoint.objects.get()
    services.send_trial(actor=company.owner, endpoint_id=endpoint.pk)
    delivery = WebhookDelivery.objects.get()
    member = MembershipFactory(organisation=company.organisation).user
    for other in (logged_in(member), make_company().client, logged_in(CoordinatorFactory())):
        assert URL not in other.get(reverse("webhooks")).text
        assert other.get(reverse("webhook", args=[endpoint.pk])).status_code == 404
        for name in ("webhook_pause", "webhook_trial", "webhook_delete"):
            assert other.post(reverse(name, args=[endpoint.pk])).status_code == 404
        assert other.post(reverse("webhook_replay", args=[delivery.pk])).status_code == 404
    endpoint.refresh_from_db()
    assert endpoint.state == "active"
    assert WebhookDelivery.objects.count() == 1


def test_the_log_asks_as_many_questions_for_ten_messages_as_for_one(company, django_assert_max_num_queries):
    register(company)
    endpoint = WebhookEndpoint.objects.get()

    def questions() -> int:
        with django_assert_max_num_queries(30) as asked:
            company.client.get(reverse("webhook", args=[endpoint.pk]))
        return len(asked)

    def one_more() -> None:
        WebhookDelivery.objects.create(endpoint=endpoint, event=events.record("webhook.trial", endpoint))

    one_more()
    questions()
    before = questions()
    for _number in range(9):
        one_more()
    assert questions() == before
