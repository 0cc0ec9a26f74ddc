"""Files of lists stand behind a line of text on a student's pages, and openly on everybody else's."""

import re

import pytest
from django.urls import reverse

from tests.factories import ApplicationFactory, MembershipFactory, OfferFactory
from tests.web.desk import logged_in

pytestmark = pytest.mark.django_db
TUCKED = re.compile(r'<details class="tucked.*?</details>', re.DOTALL)


@pytest.mark.parametrize("name", ["student_applications", "search", "suggestions"])
def test_a_student_opens_a_line_to_find_the_files(name):
    application = ApplicationFactory()
    page = logged_in(application.student.user).get(reverse(name)).content.decode()
    assert "csv" not in TUCKED.sub("", page).lower()
    if name != "suggestions":  # which has a file only with a row in it
        assert "csv" in page.lower()


def test_an_employer_and_a_visitor_find_them_at_once(client):
    member = MembershipFactory(organisation=OfferFactory().organisation)
    for reader, name in ((client, "search"), (logged_in(member.user), "employer_offers")):
        page = reader.get(reverse(name)).content.decode()
        assert "tucked" not in page
        assert ">CSV</a>" in page
