"""Quiet hours, school time and pauses: held in the row, by the Swedish wall clock, over both changes of the clocks."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from backend.common import clock
from backend.common.clock import DbNow
from backend.common.errors import Invalid, NotAllowed
from backend.common.models import LogEntry
from backend.notifications import quiet, services
from backend.notifications.enums import DeliveryState, Slot
from backend.notifications.models import Delivery, Hours, Notification
from backend.notifications.quiet import STOCKHOLM, Window, allowed_at, contradictions
from tests.factories import StudentFactory
from tests.notifications.conftest import hand_over, mail_of, make_user, tell

NIGHT = Window(quiet_from=time(21, 0), quiet_to=time(7, 0))
TODAY = date(2026, 11, 23)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM)


@pytest.mark.parametrize(
    ("window", "moment", "can_wait", "expected"),
    [
        (NIGHT, "2026-11-23T20:59", False, "2026-11-23T20:59"),
        (NIGHT, "2026-11-23T21:00", False, "2026-11-24T07:00"),
        (NIGHT, "2026-11-24T03:00", False, "2026-11-24T07:00"),
        (NIGHT, "2026-11-24T07:00", False, "2026-11-24T07:00"),
        (Window(time(12), time(13)), "2026-11-24T12:30", False, "2026-11-24T13:00"),
        (Window(time(12), time(13)), "2026-11-24T11:59", False, "2026-11-24T11:59"),
        # Friday evening: what can wait comes on Monday, a decision at once.
        (Window(school_time_only=True), "2026-11-27T17:00", True, "2026-11-30T08:00"),
        (Window(school_time_only=True), "2026-11-27T17:00", False, "2026-11-27T17:00"),
        (Window(school_time_only=True), "2026-11-27T06:00", True, "2026-11-27T08:00"),
        (Window(school_time_only=True), "2026-11-27T10:00", True, "2026-11-27T10:00"),
        (Window(time(21), time(9), school_time_only=True), "2026-11-28T10:00", True, "2026-11-30T09:00"),
        (Window(paused_from=date(2026, 12, 21), paused_to=date(2027, 1, 10)), "2026-12-24T12:00", True, "2027-01-11T08:00"),
        (Window(paused_from=date(2026, 12, 21), paused_to=date(2027, 1, 10)), "2026-12-24T12:00", False, "2026-12-24T12:00"),
    ],
)  # fmt: skip
def test_the_first_moment_one_may_be_disturbed(window, moment, can_wait, expected):
    assert allowed_at(window, local(moment), can_wait=can_wait) == local(expected).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        # Spring: the night of 28 to 29 March has one hour less, 07:00 is 05:00 UTC.
        (datetime(2026, 3, 28, 21, 0, tzinfo=UTC), datetime(2026, 3, 29, 5, 0, tzinfo=UTC)),
        # Autumn: the night of 24 to 25 October has one more, 07:00 is 06:00 UTC.
        (datetime(2026, 10, 24, 21, 0, tzinfo=UTC), datetime(2026, 10, 25, 6, 0, tzinfo=UTC)),
    ],
)
def test_the_morning_is_the_morning_when_the_clocks_change(moment, expected):
    assert allowed_at(NIGHT, moment, can_wait=False) == expected


def test_an_hour_that_comes_twice_never_moves_a_message_back():
    window = Window(time(22), time(2, 30))
    second_time_around = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)
    assert second_time_around.astimezone(STOCKHOLM).time() == time(2, 10)
    assert allowed_at(window, second_time_around, can_wait=False) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_an_hour_that_does_not_exist_ends_the_quiet_all_the_same():
    window = Window(time(22), time(2, 30))
    at = allowed_at(window, datetime(2026, 3, 29, 0, 0, tzinfo=UTC), can_wait=False)
    assert at == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert allowed_at(window, at, can_wait=False) == at


@pytest.mark.parametrize("window", [NIGHT, Window(time(6), time(22)), Window(time(17), time(9), school_time_only=True)])
def test_every_minute_of_a_week_with_a_clock_change_leads_to_a_free_minute_ahead(window):
    start = datetime(2026, 10, 22, 0, 0, tzinfo=UTC)
    for minutes in range(0, 7 * 24 * 60, 13):
        moment = start + timedelta(minutes=minutes)
        free = allowed_at(window, moment, can_wait=True)
        assert free >= moment
        assert allowed_at(window, free, can_wait=True) == free


@pytest.mark.parametrize(
    ("window", "field"),
    [
        (Window(quiet_from=time(21)), "quiet_to"),
        (Window(quiet_to=time(7)), "quiet_from"),
        (Window(time(7), time(7)), "quiet_to"),
        (Window(time(7), time(23, 30)), "quiet_to"),
        (Window(time(7), time(17), school_time_only=True), "school_time_only"),
        (Window(paused_from=TODAY), "paused_to"),
        (Window(paused_to=TODAY), "paused_from"),
        (Window(paused_from=TODAY, paused_to=TODAY - timedelta(days=1)), "paused_to"),
        (Window(paused_from=TODAY - timedelta(days=9), paused_to=TODAY - timedelta(days=1)), "paused_to"),
        (Window(paused_from=TODAY, paused_to=TODAY + timedelta(days=200)), "paused_to"),
    ],
)
def test_contradictions_name_their_field(window, field):
    assert list(contradictions(window, TODAY)) == [field]


def test_contradictions_are_explained_in_both_languages():
    window = Window(time(7), time(7), paused_from=TODAY, paused_to=TODAY - timedelta(days=1))
    explained = {}
    for language in ("sv", "en"):
        with translation.override(language):
            explained[language] = [str(message) for message in contradictions(window, TODAY).values()]
    assert len(explained["sv"]) == 2
    assert not set(explained["sv"]) & set(explained["en"])


@pytest.mark.parametrize(
    "window", [quiet.OPEN, NIGHT, Window(time(6), time(22)), Window(paused_from=TODAY, paused_to=TODAY)]
)
def test_what_holds_together_is_kept(window):
    assert contradictions(window, TODAY) == {}


@pytest.mark.django_db
class TestInTheRow:
    @pytest.fixture
    def resting(self, user):
        """Quiet for an hour before and after now, by the clock of the database that decides."""
        now = clock.database_now().astimezone(STOCKHOLM)
        window = Window((now - timedelta(hours=1)).time(), (now + timedelta(hours=1)).time())
        services.set_hours(actor=user, user=user, window=window)
        return user, now + timedelta(hours=1)

    def test_a_message_waits_in_its_row(self, resting, make_kind):
        make_kind("probe.news")
        user, end = resting
        delivery = mail_of(tell([user], "probe.news")[0])
        assert (delivery.state, delivery.slot) == (DeliveryState.PENDING, Slot.NOW)
        assert abs(delivery.due_at - end) < timedelta(minutes=1)

    def test_the_site_never_waits(self, resting, make_kind):
        make_kind("probe.news")
        assert tell([resting[0]], "probe.news")[0].deliveries.get(channel="in_app").state == DeliveryState.DELIVERED

    def test_what_one_asked_for_a_moment_ago_comes_at_once(self, resting):
        delivery = mail_of(tell([resting[0]])[0])
        assert delivery.due_at < resting[1] - timedelta(minutes=30)

    def test_what_would_be_too_late_afterwards_comes_at_once(self, resting, make_kind):
        make_kind("probe.short", expires_after=timedelta(minutes=30))
        delivery = mail_of(tell([resting[0]], "probe.short")[0])
        assert delivery.due_at < delivery.expires_at < resting[1]

    def test_what_can_wait_becomes_one_mail_in_the_morning(self, resting, make_kind):
        make_kind("probe.fit", category="suggestions", urgency="digestible")
        rows = [mail_of(tell([resting[0]], "probe.fit")[0]) for _ in range(3)]
        assert {row.slot for row in rows} == {Slot.DAILY}
        assert len({row.due_at for row in rows}) == 1

    def test_without_digests_each_waits_by_itself(self, resting, make_kind):
        make_kind("probe.fit", category="suggestions", urgency="digestible")
        user, end = resting
        services.set_preferences(actor=user, user=user, choices={("digests", "email"): "never"})
        delivery = mail_of(tell([user], "probe.fit")[0])
        assert delivery.slot == Slot.NOW
        assert abs(delivery.due_at - end) < timedelta(minutes=1)

    def test_a_retry_waits_too_and_burns_no_attempt(self, resting, make_kind, smtp):
        """It failed before the quiet began, and its back-off ends in the night."""
        make_kind("probe.news")
        delivery = mail_of(tell([resting[0]], "probe.news")[0])
        Delivery.objects.filter(pk=delivery.pk).update(due_at=DbNow(), attempts=1)
        held = hand_over(delivery)
        assert (held.state, held.attempts, len(smtp.keys)) == (DeliveryState.PENDING, 1, 0)
        assert abs(held.due_at - resting[1]) < timedelta(minutes=1)

    def test_what_stood_still_until_the_night_waits_for_the_morning(self, resting, make_kind, smtp):
        make_kind("probe.fit", category="suggestions", urgency="digestible")
        row = tell([resting[0]], "probe.fit")[0]
        delivery = mail_of(row)
        Notification.objects.filter(pk=row.pk).update(created_at=clock.database_now() - timedelta(hours=2))
        soon = clock.database_now() + timedelta(minutes=10)
        Delivery.objects.filter(pk=delivery.pk).update(due_at=DbNow(), slot=Slot.NOW, expires_at=soon)
        held = hand_over(delivery)
        assert (held.state, len(smtp.keys)) == (DeliveryState.PENDING, 0)
        assert held.expires_at > held.due_at > soon

    @pytest.mark.parametrize("fields", [{"at_any_hour": True}, {"expires_after": timedelta(minutes=30)}])
    def test_a_retry_that_may_not_wait_goes_at_once(self, resting, make_kind, smtp, fields):
        make_kind("probe.news", **fields)
        delivery = mail_of(tell([resting[0]], "probe.news")[0])
        Delivery.objects.filter(pk=delivery.pk).update(attempts=1)
        assert hand_over(delivery).state == DeliveryState.SENT

    def test_what_already_waits_moves_too(self, user, make_kind):
        make_kind("probe.news")
        delivery = mail_of(tell([user], "probe.news")[0])
        now = clock.database_now().astimezone(STOCKHOLM)
        window = Window((now - timedelta(hours=1)).time(), (now + timedelta(hours=1)).time())
        services.set_hours(actor=user, user=user, window=window)
        delivery.refresh_from_db()
        assert abs(delivery.due_at - (now + timedelta(hours=1))) < timedelta(minutes=1)

    def test_minors_sleep_unless_they_choose_otherwise(self):
        child = StudentFactory(birth_date=date(2010, 5, 1)).user
        adult = StudentFactory(birth_date=date(2008, 11, 23)).user
        assert quiet.windows_of([child.pk, adult.pk]) == {child.pk: NIGHT}
        services.set_hours(actor=child, user=child, window=quiet.OPEN)
        assert quiet.window_of(child.pk) == quiet.OPEN

    def test_the_number_of_queries_does_not_grow_with_people(self, make_kind):
        make_kind("probe.news")
        counts = []
        for number in (1, 20):
            people = [StudentFactory(birth_date=date(2010, 5, 1)).user for _ in range(number)]
            with CaptureQueriesContext(connection) as queries:
                tell(people, "probe.news")
            counts.append(len(queries))
        assert counts[0] == counts[1]

    def test_a_contradiction_is_refused_and_nothing_is_kept(self, user):
        with pytest.raises(Invalid) as refusal:
            services.save_settings(
                actor=user, user=user, choices={("suggestions", "email"): "daily"}, window=Window(quiet_from=time(21))
            )
        assert refusal.value.field == "quiet_to"
        assert not Hours.objects.exists()
        assert not user.notification_preferences.exists()

    def test_nobody_sets_the_hours_of_another(self, user):
        with pytest.raises(NotAllowed):
            services.set_hours(actor=make_user(), user=user, window=NIGHT)

    def test_the_log_knows_that_but_not_when_somebody_sleeps(self, user):
        services.set_hours(actor=user, user=user, window=NIGHT)
        assert LogEntry.objects.get(action="hours.changed").data == {}

    @pytest.mark.parametrize(
        "fields",
        [
            {"quiet_from": time(21)},
            {"quiet_from": time(7), "quiet_to": time(7)},
            {"paused_from": TODAY, "paused_to": TODAY - timedelta(days=1)},
        ],
    )
    def test_the_database_refuses_halves(self, user, fields):
        with pytest.raises(IntegrityError), transaction.atomic():
            Hours.objects.create(user=user, **fields)

    def test_a_digest_is_not_sent_into_a_pause(self, user, make_kind):
        make_kind("probe.fit", category="suggestions", urgency="digestible")
        today = clock.today()
        window = Window(paused_from=today, paused_to=today + timedelta(days=20))
        services.set_hours(actor=user, user=user, window=window)
        delivery = mail_of(tell([user], "probe.fit")[0])
        assert delivery.due_at.astimezone(STOCKHOLM).date() == today + timedelta(days=21)
        assert Delivery.objects.get(pk=delivery.pk).expires_at > delivery.due_at
