"""Telling a crowd stands in nobody's way."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from backend.accounts.models import User
from backend.common import events
from backend.notifications.models import Delivery, Notification
from backend.notifications.services import notify

NUMBER = 100


def rename_all(name: str) -> int:
    """In a session of its own, which waits for no lock longer than a moment."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '300ms'")
            return User.objects.update(name=name)
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_people_who_are_being_told_can_be_changed_meanwhile():
    people = User.objects.bulk_create(User(email=f"{n}@example.test", name="A") for n in range(NUMBER))
    with ThreadPoolExecutor(1) as elsewhere:
        with transaction.atomic():
            event = events.record("probe.happened", people[0])
            notify(event=event, recipients=people, kind="notifications.trial", subject=people[0])
            with connection.cursor() as cursor:
                # The keys are checked now instead of at the end: whatever locks that takes are held from here.
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            assert elsewhere.submit(rename_all, "B").result() == NUMBER
        with transaction.atomic(), connection.cursor() as cursor:
            assert elsewhere.submit(rename_all, "C").result() == NUMBER
            User.objects.update(name="D")
            second = elsewhere.submit(tell_all, people)
            assert second.result(timeout=20) == NUMBER
    assert Notification.objects.count() == 2 * NUMBER
    assert Delivery.objects.filter(channel="email").count() == 2 * NUMBER


def tell_all(people: list[User]) -> int:
    """Beside somebody who has changed them all and has not said the last word."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '300ms'")
            event = events.record("probe.happened", people[0])
            return len(notify(event=event, recipients=people, kind="notifications.trial", subject=people[0]))
    finally:
        connection.close()
