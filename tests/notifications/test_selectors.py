"""What pages ask: the person's list, the preference table, the ledger."""

import pytest

from backend.notifications import registry, selectors, services
from backend.notifications.models import Delivery
from tests.notifications.conftest import make_user, tell

pytestmark = pytest.mark.django_db


def test_unread_first_and_every_row_once_over_the_pages(user):
    rows = [tell([user])[0] for _ in range(7)]
    for row in rows[::2]:
        assert services.mark_read(actor=user, notification_id=row.pk)
    assert selectors.unread_count(user) == 3
    seen, cursor = [], ""
    while True:
        page = selectors.list_notifications_for(user, cursor, size=2)
        seen += page.rows
        if not (cursor := page.cursor):
            break
    unread = [row.pk for row in reversed(rows[1::2])]
    assert [row.pk for row in seen] == unread + [row.pk for row in reversed(rows[::2])]


@pytest.mark.parametrize("cursor", ["x", "u", "u-1", "r9999999999999999999999", "u1'; --"])
def test_a_strange_cursor_starts_over(user, cursor):
    row = tell([user])[0]
    assert [shown.pk for shown in selectors.list_notifications_for(user, cursor).rows] == [row.pk]


def test_nobody_reads_or_marks_those_of_another(user):
    row = tell([user])[0]
    other = make_user()
    assert selectors.list_notifications_for(other).rows == []
    assert services.mark_read(actor=other, notification_id=row.pk) is False
    assert selectors.unread_count(user) == 1


def test_a_row_of_a_kind_that_is_gone_still_shows(user, make_kind):
    make_kind("probe.gone")
    tell([user], "probe.gone")
    registry.unregister("probe.gone")
    (row,) = selectors.list_notifications_for(user).rows
    assert str(row.kind_title)
    assert row.link == ""


def test_the_preference_table_offers_only_what_would_be_accepted(user, make_kind):
    make_kind("probe.fit", category="suggestions", urgency="digestible")
    for row in selectors.get_preferences(user):
        for channel, cell in row.cells.items():
            for slot, _label in cell.choices:
                services.set_preferences(actor=user, user=user, choices={(row.category, channel): slot})
    fit = {row.category: row for row in selectors.get_preferences(user)}["suggestions"]
    assert [slot for slot, _label in fit.cells["email"].choices] == ["now", "daily", "weekly", "never"]


def test_what_needs_action_is_listed(user):
    tell([user])
    assert list(selectors.list_undelivered()) == []
    Delivery.objects.filter(channel="email").update(state="uncertain", reason="answer_lost")
    (row,) = selectors.list_undelivered()
    assert str(selectors.reason_label(row.reason)) != row.reason
