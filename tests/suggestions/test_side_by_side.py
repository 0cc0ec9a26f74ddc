"""An offer's run and a student's run at the same time: both write the same rows, and neither may end the other."""

import threading
import time

import pytest
from django.db import connection, connections, transaction

from backend.common.models import DomainEvent
from backend.suggestions import scheduled_tasks, services
from backend.suggestions.models import Suggestion
from tests.conftest import NOW
from tests.factories import OfferFactory, StudentFactory

pytestmark = pytest.mark.django_db(transaction=True)


def fitting(number=1):
    students = [StudentFactory() for _ in range(number)]
    for student in students:
        student.interests.set(["7223"])
    return students


def published(offer):
    return DomainEvent.objects.create(kind="offer.published", subject_type="offer", subject_id=offer.pk, at=NOW)


def is_waiting():
    """Whether another transaction in this database waits for a lock: other test processes have databases of their own."""
    with connection.cursor() as cursor:
        # A wait for a transaction names no database; the tables that who waits has locked already do.
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks waits JOIN pg_locks has USING (pid) JOIN pg_database ON oid = has.database"
            " WHERE NOT waits.granted AND datname = current_database())"
        )
        return cursor.fetchone()[0]


class InParallel(threading.Thread):
    def __init__(self, command):
        super().__init__()
        self.command, self.error = command, None

    def run(self):
        try:
            self.command()
        except Exception as error:
            self.error = error
        finally:
            connections.close_all()


def test_a_student_whose_run_waits_for_an_offers_run_does_not_hold_it_up():
    (student,) = fitting()
    event = published(OfferFactory())
    other = InParallel(lambda: services.suggest_for_student(student_id=student.pk))
    with transaction.atomic():
        services.suggest_offer(event=event)
        other.start()
        until = time.monotonic() + 20
        while not is_waiting():
            assert other.is_alive()
            assert time.monotonic() < until
            time.sleep(0.01)
    other.join()
    assert other.error is None
    assert Suggestion.objects.count() == 1


def test_everybody_writes_in_the_order_of_students_and_offers():
    # The first one fits less well, so that the best do not come first by themselves.
    students = fitting(3)
    students[0].interests.set(["8211"])
    offers = [OfferFactory() for _ in range(3)]
    services.suggest_offer(event=published(offers[1]))
    scheduled_tasks.refresh()
    pairs = list(Suggestion.objects.order_by("pk").values_list("student", "offer"))
    assert len(pairs) == 9
    assert pairs[:3] == sorted(pairs[:3])
    assert pairs[3:] == sorted(pairs[3:])
    assert [pk for pk, _offer in pairs[:3]] == sorted(student.pk for student in students)


def test_an_offer_leaves_alone_what_a_students_run_is_just_deciding_about():
    (student,) = fitting()
    offer = OfferFactory()
    event = published(offer)
    services.suggest_offer(event=event)
    student.wants_suggestions = False
    student.save()
    DomainEvent.objects.create(kind="student.profile_saved", subject_type="student", subject_id=student.pk, at=NOW)
    locked, go_on = threading.Event(), threading.Event()

    def holds():
        with transaction.atomic():
            Suggestion.objects.select_for_update().get()
            locked.set()
            go_on.wait(20)

    other = InParallel(holds)
    other.start()
    assert locked.wait(20)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '2s'")
        services.suggest_offer(event=event)
    assert Suggestion.objects.exists()
    go_on.set()
    other.join()
    assert other.error is None
    services.suggest_offer(event=event)
    assert not Suggestion.objects.exists()
