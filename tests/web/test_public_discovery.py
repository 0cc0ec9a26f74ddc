"""What others find of the service: structured data, the sitemap, robots.txt, and lists embedded in other sites."""

import json
import re
from datetime import date

import pytest
from django.urls import reverse

from backend.offers.enums import OfferState
from backend.offers.models import Offer
from backend.organisations.models import MunicipalitySettings
from backend.reference.models import PlacementFormVersion
from tests.factories import ApplicationFactory, OfferFactory, OrganisationFactory, StudentFactory, WorkplaceFactory
from tests.web.desk import logged_in

pytestmark = pytest.mark.django_db
DATA = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)


def data_of(client, offer) -> dict:
    found = DATA.search(client.get(reverse("offer", args=[offer.pk])).content.decode())
    assert found
    return json.loads(found[1])


class TestStructuredData:
    def test_an_internship_is_a_job_posting(self, client):
        data = data_of(client, OfferFactory(title="Svetsa", apply_by=date(2026, 12, 1)))
        assert (data["@context"], data["@type"]) == ("https://schema.org", "JobPosting")
        assert (data["title"], data["employmentType"], data["validThrough"]) == (
            "Svetsa",
            "INTERN",
            "2026-12-01T23:59:59+01:00",
        )

    def test_paid_work_is_employment_for_a_time_and_the_address_is_the_only_one(self, client):
        job = OfferFactory(form_id="feriejobb")
        assert data_of(client, job)["employmentType"] == "TEMPORARY"
        (posting,) = client.get(reverse("feed_internships")).json()["dataFeedElement"]
        assert posting["employmentType"] == "TEMPORARY"
        page = client.get(reverse("offer", args=[job.pk]), {"utm": "x"}).content.decode()
        assert re.findall(r'<link rel="canonical" href="([^"]*)">', page) == [posting["url"]]

    def test_a_training_place_is_an_educational_program(self, client):
        data = data_of(client, OfferFactory(form_id="yrkesvux", title="Svetsutbildning"))
        assert data["@type"] == "EducationalOccupationalProgram"
        assert (data["name"], data["startDate"], data["maximumEnrollment"]) == ("Svetsutbildning", "2027-01-25", 2)

    def test_no_text_can_end_the_script(self, client):
        site = WorkplaceFactory(organisation=OrganisationFactory(name="</script><b>"))
        offer = OfferFactory(title="</script><script>alert(1)</script>", tasks="<!-- & ]]>", workplace=site)
        data = data_of(client, offer)
        assert data["title"] == "</script><script>alert(1)</script>"
        assert data["description"] == "<p>&lt;!-- &amp; ]]&gt;</p>", "HTML, in which it is a text"
        assert "<script>alert" not in client.get(reverse("offer", args=[offer.pk])).content.decode()

    def test_a_closed_place_says_nothing_and_is_not_indexed(self):
        application = ApplicationFactory()
        offer = application.period.offer
        applicant = logged_in(application.student.user)
        assert 'name="robots"' not in applicant.get(reverse("offer", args=[offer.pk])).content.decode()
        Offer.objects.filter(pk=offer.pk).update(state=OfferState.CLOSED)
        text = applicant.get(reverse("offer", args=[offer.pk])).content.decode()
        assert "ld+json" not in text
        assert '<meta name="robots" content="noindex">' in text


def test_the_sitemap_names_open_places_and_no_others(client):
    shown, draft = OfferFactory(), OfferFactory(state=OfferState.DRAFT)
    index = client.get(reverse("sitemap")).content.decode()
    assert "/sitemap-platser.xml" in index
    text = client.get(reverse("sitemap_part", args=["platser"])).content.decode()
    assert reverse("offer", args=[shown.pk]) in text
    assert reverse("offer", args=[draft.pk]) not in text
    assert reverse("municipality", args=["0562"]) in client.get("/sitemap-kommuner.xml").content.decode()
    assert reverse("search") in client.get("/sitemap-sidor.xml").content.decode()


def test_robots_keep_out_of_personal_pages_and_find_the_sitemap(client):
    response = client.get("/robots.txt")
    assert response["Content-Type"].startswith("text/plain")
    text = response.content.decode()
    assert "Disallow: /elev/\n" in text
    assert re.search(r"^Sitemap: http.*/sitemap\.xml$", text, re.MULTILINE)
    for name in ("search", "accessibility", "start"):
        assert f"Disallow: {reverse(name)}\n" not in text
    assert client.get("/sitemap-annat.xml").status_code == 404


class TestEmbedding:
    def test_any_site_may_frame_the_list_and_nothing_else(self, client):
        OfferFactory(title="Svetsa")
        response = client.get(reverse("embed", args=["0562"]))
        assert "Svetsa" in response.content.decode()
        assert "X-Frame-Options" not in response
        policy = response["Content-Security-Policy"]
        assert "frame-ancestors *" in policy
        assert "script-src 'none'" in policy
        for name in ("start", "search", "embed_help"):
            other = client.get(reverse(name))
            assert other["X-Frame-Options"] == "DENY"
            assert "frame-ancestors 'none'" in other["Content-Security-Policy"]

    def test_it_sets_no_cookie_and_runs_no_script(self, client):
        response = client.get(reverse("embed", args=["0562"]))
        assert not response.cookies
        assert "<script" not in response.content.decode()

    def test_it_knows_nobody(self):
        student = logged_in(StudentFactory(user__name="Elin Bergström").user)
        assert "Elin" not in student.get(reverse("embed", args=["0562"])).content.decode()

    def test_it_speaks_the_language_of_its_address(self, client):
        assert '<html lang="sv"' in client.get(reverse("embed", args=["0562"])).content.decode()
        assert '<html lang="en"' in client.get(reverse("embed", args=["0562"]) + "?lang=en").content.decode()

    def test_an_unknown_municipality_is_404(self, client):
        assert client.get(reverse("embed", args=["9999"])).status_code == 404

    def test_the_help_page_shows_lines_that_lead_to_the_list(self, client):
        response = client.get(reverse("embed_help"), {"kommun": "0562"})
        assert reverse("embed", args=["0562"]) in response.context["snippet"]
        assert "frame-src 'self'" in response["Content-Security-Policy"]
        for odd in ("", "9999", "\0", "x" * 99):
            assert client.get(reverse("embed_help"), {"kommun": odd}).status_code == 200


class TestPromise:
    def test_the_days_for_an_answer_are_those_of_the_form_or_the_municipality(self, client):
        offer = OfferFactory()
        PlacementFormVersion.objects.filter(form="apl").update(answer_days=7)
        student = logged_in(StudentFactory().user)
        assert "within 7 working days" in student.get(reverse("offer", args=[offer.pk])).content.decode()
        assert "7 working days" in student.get(reverse("apply", args=[offer.pk])).content.decode()
        MunicipalitySettings.objects.create(municipality_id="0562", answer_days=3)
        assert "within 3 working days" in student.get(reverse("offer", args=[offer.pk])).content.decode()
