"""Many rows in one statement."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from backend.accounts.models import User
from backend.common.bulk import insert_new
from backend.common.models import DomainEvent
from backend.notifications.models import Notification

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


@pytest.fixture
def people():
    return User.objects.bulk_create(User(email=f"{n}@example.test", name=f"Åsa {n}") for n in range(4))


@pytest.fixture
def event():
    return DomainEvent.objects.create(kind="probe.happened", subject_type="probe", subject_id=1, at=NOW)


def row(event, person, **fields):
    given = {"kind": "probe", "subject_type": "probe", "subject_id": 1, "created_at": NOW, **fields}
    return Notification(event=event, recipient=person, **given)


def written(*columns):
    return list(Notification.objects.order_by("recipient").values_list(*columns))


def test_columns_that_differ_and_columns_that_do_not(event, people):
    with CaptureQueriesContext(connection) as queries:
        insert_new(
            [row(event, person, subject_id=n, read_at=NOW if n % 2 else None) for n, person in enumerate(people)]
        )
    assert len(queries) == 1
    assert written("subject_id", "read_at", "is_shown", "created_at") == [
        (n, NOW if n % 2 else None, True, NOW) for n in range(4)
    ]


def test_documents_may_differ_too(event, people):
    insert_new([row(event, person, data={"n": n, "s": "å'\\"}) for n, person in enumerate(people)])
    assert [data["n"] for (data,) in written("data")] == [0, 1, 2, 3]
    assert written("data")[0] == ({"n": 0, "s": "å'\\"},)


def test_what_is_there_already_is_left_as_it_is(event, people):
    insert_new([row(event, people[0], kind="first")])
    insert_new([row(event, person, kind="second") for person in [*people, people[1]]])
    assert [kind for (kind,) in written("kind")] == ["first", "second", "second", "second"]


def test_other_constraints_hold(event, people):
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_new([row(event, people[0], kind=None)])


def test_nothing_is_nothing():
    with CaptureQueriesContext(connection) as queries:
        insert_new([])
    assert len(queries) == 0
