"""The version of a form: kept while something is corrected and in a draft, and nobody is named who should not be."""

from datetime import date

import pytest
from django.urls import reverse

from backend.organisations.models import Organisation
from backend.students.models import Student
from tests.factories import CoordinatorFactory, MembershipFactory, OfferFactory, StudentFactory
from tests.web.desk import logged_in
from tests.web.forms import read_forms

pytestmark = pytest.mark.django_db


def shown(client, path, data=None):
    """What the form of the page would send: after a GET, or after this POST."""
    answer = client.get(path) if data is None else client.post(path, data)
    return next(form.data() for form in read_forms(path, answer.text) if "seen" in form.names())


@pytest.fixture
def owners():
    one = MembershipFactory(role="owner", user__name="Eva Ek")
    other = MembershipFactory(role="owner", organisation=one.organisation, user__name="Ulf Berg")
    return logged_in(one.user), logged_in(other.user), reverse("employer_organisation", args=[one.organisation_id])


def test_a_mistake_on_the_way_does_not_hide_the_others_change(owners):
    mine, others, page = owners
    first = shown(mine, page)
    assert others.post(page, shown(others, page) | {"about": "Vi svetsar."}).status_code == 302
    corrected = shown(mine, page, first | {"about": "Vi lackar.", "website": "nej"})
    assert corrected["seen"] == first["seen"]
    answer = mine.post(page, corrected | {"website": ""})
    assert answer.status_code == 400
    assert "Ulf Berg" in answer.text
    assert Organisation.objects.get().about == "Vi svetsar."


def test_who_writes_the_same_is_not_asked(owners):
    mine, others, page = owners
    first = shown(mine, page)
    others.post(page, first | {"about": "Vi svetsar."})
    assert mine.post(page, first | {"about": "Vi svetsar."}).status_code == 302


def test_what_others_do_elsewhere_is_no_conflict(owners):
    mine, _others, page = owners
    first = shown(mine, page)
    Organisation.objects.get().contacts.create(name="Karin", phone="+4612285000")
    assert mine.post(page, first | {"about": "Vi lackar."}).status_code == 302


def test_a_draft_knows_what_it_began_from():
    offer = OfferFactory(title="Svetsare")
    mine, others = (
        logged_in(MembershipFactory(organisation=offer.organisation, role="owner").user) for _number in range(2)
    )
    page = reverse("employer_offer_edit", args=[offer.pk])
    typed = shown(mine, page) | {"title": "Lackerare"}
    assert mine.post(reverse("draft_autosave"), typed | {"_page": page}).status_code == 204
    assert others.post(page, shown(others, page) | {"title": "Målare"}).status_code == 302
    again = shown(mine, page)
    assert again["title"] == ["Lackerare"]
    answer = mine.post(page, again)
    assert answer.status_code == 400
    assert "Målare" in answer.text


def test_a_student_is_not_named():
    student = StudentFactory(birth_date=date(2010, 5, 1), user__name="Maja Lind", studies="upper_secondary")
    desk, own = logged_in(CoordinatorFactory()), logged_in(student.user)
    page = reverse("coordinator_student_edit", args=[student.pk])
    first = shown(desk, page)
    profile = reverse("student_profile")
    assert own.post(profile, shown(own, profile) | {"school": "Parkskolan"}).status_code == 302
    assert Student.objects.get().school == "Parkskolan"
    answer = desk.post(page, first | {"school": "Bergska"})
    assert answer.status_code == 400
    assert "Maja Lind has changed" not in answer.text
    assert "Maja Lind har ändrat" not in answer.text
    assert "Parkskolan" in answer.text
