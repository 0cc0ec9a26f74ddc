"""Every link in a mail or notification leads to a page that its reader may open, whatever has become of its subject."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from backend.notifications import registry
from backend.notifications.models import Notification
from backend.offers.enums import OfferState
from backend.offers.models import Offer
from backend.organisations.models import Membership
from backend.rounds.models import Round
from backend.students.models import Student
from backend.web.context import roles_of
from tests.notifications.test_every_kind import everything

__all__ = ["everything"]

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def as_user(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def a_year_later(clock: Any) -> None:
    """Children have come of age, weeks have passed, holds have run out."""
    clock.shift(timedelta(days=400))


def places_closed(_clock: Any) -> None:
    Offer.objects.update(state=OfferState.CLOSED)


def places_back_to_drafts(_clock: Any) -> None:
    Offer.objects.update(state=OfferState.DRAFT, submitted_at=None)


def rounds_cancelled(_clock: Any) -> None:
    Round.objects.update(state="cancelled")


def nobody_works_there_any_more(_clock: Any) -> None:
    Membership.objects.all().delete()


def students_have_moved(_clock: Any) -> None:
    Student.objects.update(municipality="0880")


def everybody_protected(_clock: Any) -> None:
    Student.objects.update(is_protected=True, alias="Student KXBR")


def nothing(_clock: Any) -> None:
    """As the life left it."""


LATER = [
    nothing,
    places_closed,
    places_back_to_drafts,
    rounds_cancelled,
    nobody_works_there_any_more,
    students_have_moved,
    everybody_protected,
    a_year_later,
]


def opened(row: Notification, place: str) -> str:
    """Where the reader ends, or what was wrong."""
    answer = as_user(row.recipient).get(place, follow=True)
    reached = answer.redirect_chain[-1][0] if answer.redirect_chain else place
    return "" if answer.status_code == 200 and "/login/" not in reached else f"{answer.status_code} {reached}"


def one_of_each() -> list[Notification]:
    """Of each kind to each kind of reader: hundreds of rows say the same."""
    rows = Notification.objects.select_related("recipient").order_by("pk")
    return list({(row.kind, row.subject_type, tuple(roles_of(row.recipient))): row for row in rows}.values())


def test_every_kind_opens_for_everybody_who_was_told(everything: None, frozen_clock: Any) -> None:
    """The link of the mail, and the one of the list, in every state that comes later."""
    rows, wrong = one_of_each(), set()
    assert {row.kind for row in rows} == set(Notification.objects.values_list("kind", flat=True))
    for later in LATER:
        with transaction.atomic():
            later(frozen_clock)
            for row in rows:
                kind = registry.get(row.kind)
                is_there = kind.subject is None or kind.subject.many(row.subject_type, [row.subject_id])
                mailed = {kind.page(row)} if is_there else set()
                listed = {reverse("go", args=[row.subject_type, row.subject_id])}
                for place in mailed | listed:
                    if found := opened(row, place):
                        who = roles_of(row.recipient)
                        wrong.add(f"{later.__name__}: {row.kind} {row.subject_type} to {who}: {found}")
            transaction.set_rollback(True)
    assert not wrong, "\n".join(sorted(wrong))
