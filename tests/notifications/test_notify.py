"""Writing: once per event, person and channel; the person's choice decides; everything else leaves a reason."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from backend.accounts.models import User
from backend.common import events, outbox
from backend.common.clock import DbNow
from backend.common.errors import Conflict, Invalid, NotAllowed, NotFound
from backend.common.models import LogEntry
from backend.notifications import registry, services, sweeping
from backend.notifications.digest_runs import send_due_digests
from backend.notifications.digests import next_slot
from backend.notifications.enums import DELIVERY, TERMINAL, Category, ChannelName, DeliveryState, Slot
from backend.notifications.models import Delivery, Notification, Preference
from backend.notifications.preferences import MANY
from backend.notifications.services import notify
from backend.notifications.unsubscribe import make_token, parse_token
from tests.notifications.conftest import hand_over, mail_of, make_user, tell

pytestmark = pytest.mark.django_db


def test_asking_twice_writes_once(user):
    with transaction.atomic():
        event = events.record("probe.happened", user)
        for _ in range(2):
            notify(event=event, recipients=[user, user], kind="notifications.trial", subject=user)
    assert Notification.objects.count() == 1
    assert Delivery.objects.count() == 2


def test_the_database_refuses_a_second_delivery(user):
    first = mail_of(tell([user])[0])
    twin = Delivery(
        notification=first.notification,
        event=first.event,
        recipient=user,
        channel="email",
        idem_key=services.idem_key(first.event_id, user.pk, "other"),
        expires_at=first.expires_at,
    )
    with pytest.raises(IntegrityError, match="delivery_once"), transaction.atomic():
        twin.save()


def test_a_rollback_leaves_nothing(user):
    with transaction.atomic():
        tell([user])
        transaction.set_rollback(True)
    assert not Notification.objects.exists()


def test_the_site_has_it_at_the_write(user):
    delivery = tell([user])[0].deliveries.get(channel="in_app")
    assert delivery.state == DeliveryState.DELIVERED


def test_queries_do_not_grow_with_people(user, make_kind):
    make_kind("probe.news", urgency="digestible")
    counts = []
    for number in (1, 60):
        people = [make_user() for _ in range(number)]
        with CaptureQueriesContext(
            connection,
        ) as queries:
            tell(people, "probe.news")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_crowd_is_told_with_as_few_queries(db, make_kind):
    """Above `preferences.MANY` people, whose rows are not asked for by name."""
    make_kind("probe.news", urgency="digestible")
    people = User.objects.bulk_create(User(email=f"p{n}@example.test", name="P") for n in range(MANY + 1))
    with CaptureQueriesContext(connection) as queries:
        tell(people, "probe.news")
    assert Delivery.objects.count() == 2 * len(people)
    assert len(queries) < 20


def test_never_leaves_a_row_that_says_why(user, make_kind):
    make_kind("probe.news")
    services.set_preferences(actor=user, user=user, choices={("applications", "email"): "never"})
    delivery = mail_of(tell([user], "probe.news")[0])
    assert (delivery.state, delivery.reason) == (DeliveryState.SUPPRESSED, "opted_out")


def test_what_has_no_opt_out_is_sent_all_the_same(user):
    Preference.objects.create(user=user, category="account", channel="email", slot="never")
    assert mail_of(tell([user])[0]).state == DeliveryState.PENDING


def test_never_on_the_site_hides_the_row_there(user, make_kind):
    make_kind("probe.news")
    services.set_preferences(actor=user, user=user, choices={("applications", "in_app"): "never"})
    assert tell([user], "probe.news")[0].is_shown is False


def test_an_opt_out_after_the_write_is_honoured(user, make_kind, smtp):
    make_kind("probe.news")
    delivery = mail_of(tell([user], "probe.news")[0])
    services.unsubscribe(user=user, category="applications", channel="email")
    hand_over(delivery)
    assert (delivery.state, delivery.reason) == (DeliveryState.SUPPRESSED, "opted_out")
    assert smtp.accepted == []


def test_what_is_no_longer_true_is_not_sent(user, make_kind, smtp):
    make_kind("probe.news", still_relevant=lambda notification: "offer_closed")
    delivery = hand_over(mail_of(tell([user], "probe.news")[0]))
    assert (delivery.state, delivery.reason) == (DeliveryState.CANCELLED, "offer_closed")
    assert smtp.accepted == []


def test_a_closed_account_is_not_written_to(user, smtp):
    delivery = mail_of(tell([user])[0])
    type(user).objects.filter(pk=user.pk).update(is_active=False)
    assert hand_over(delivery).reason == "inactive"
    assert smtp.accepted == []


def test_what_is_too_late_is_not_sent(user, smtp):
    delivery = mail_of(tell([user])[0])
    Delivery.objects.filter(pk=delivery.pk).update(expires_at=DbNow() - timedelta(seconds=1))
    assert hand_over(delivery).state == DeliveryState.EXPIRED
    assert smtp.accepted == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("Hello {{ recipient_nam }}", "template_failed:LookupError"),
        ("{% if %}", "template_failed:TemplateSyntaxError"),
        ("x" * 600_000, "too_large"),
    ],
)
def test_a_mail_that_cannot_be_made_dies_with_the_reason(user, make_kind, smtp, body, reason):
    make_kind("probe.broken", body=body)
    delivery = hand_over(mail_of(tell([user], "probe.broken")[0]))
    assert (delivery.state, delivery.reason) == (DeliveryState.DEAD, reason)
    assert hand_over(mail_of(tell([user])[0])).state == DeliveryState.SENT


@pytest.mark.parametrize("address", ["nobody", "a@b", "å@example.test", "a b@example.test", "a@example..test"])
def test_an_impossible_address_dies_with_the_reason(db, smtp, address):
    delivery = hand_over(mail_of(tell([make_user(email=address)])[0]))
    assert (delivery.state, delivery.reason) == (DeliveryState.DEAD, "address_invalid")


def test_text_is_not_html_and_html_is(user, make_kind, smtp):
    make_kind("probe.news", body="{{ title }}")
    hand_over(mail_of(tell([user], "probe.news")[0]))
    text, html = (part.get_content() for part in smtp.messages[0].iter_parts())
    assert "A thing & another" in text
    assert "A thing &amp; another" in html


@pytest.mark.parametrize("language", ["sv", "en"])
def test_a_mail_speaks_the_language_of_the_person(db, make_kind, smtp, language):
    from django.utils import translation

    make_kind("probe.tongue", title=lambda notification: translation.get_language())
    person = make_user(language=language)
    with translation.override("en" if language == "sv" else "sv"):
        hand_over(mail_of(tell([person], "probe.tongue")[0]))
    (message,) = smtp.messages
    assert (message["Subject"], message["Content-Language"]) == (language, language)


def test_one_click_unsubscribe_only_where_one_may_opt_out(user, make_kind, smtp):
    make_kind("probe.news")
    hand_over(mail_of(tell([user], "probe.news")[0]))
    hand_over(mail_of(tell([user])[0]))
    news, trial = smtp.messages
    assert news["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    token = news["List-Unsubscribe"].strip("<>").rstrip("/").rsplit("/", 1)[1]
    target = parse_token(token)
    assert target is not None
    assert (target.user_id, target.category, target.channel) == (user.pk, "applications", "email")
    assert trial["List-Unsubscribe"] is None


def test_a_forged_token_is_nothing(user):
    token = make_token(user.pk, "applications", "email")
    assert parse_token(token[:-1] + ("A" if token[-1] != "A" else "B")) is None
    assert parse_token("") is None


@pytest.mark.parametrize(
    ("choices", "code", "field"),
    [
        ({("weather", "email"): "now"}, "preferences.unknown", "weather.email"),
        ({("applications", "email"): "hourly"}, "preferences.unknown", "applications.email"),
        ({("applications", "in_app"): "daily"}, "preferences.slot_not_for_channel", "applications.in_app"),
        ({("account", "email"): "never"}, "preferences.always_told", "account.email"),
        ({("digests", "email"): "weekly"}, "preferences.cannot_wait", "digests.email"),
    ],
)
def test_contradictory_choices_explain_themselves_and_change_nothing(
    user, make_kind, choices, code, field, monkeypatch
):
    make_kind("probe.news")
    monkeypatch.setattr(registry, "categories_that_may_be_refused", lambda: {"digests", "applications"})
    with pytest.raises(Invalid) as refusal:
        services.set_preferences(actor=user, user=user, choices={("digests", "email"): "never", **choices})
    assert (refusal.value.code, refusal.value.field) == (code, field)
    assert not Preference.objects.exists()


def test_nobody_changes_the_choices_of_another(user):
    with pytest.raises(NotAllowed):
        services.set_preferences(actor=make_user(), user=user, choices={("digests", "email"): "never"})


class TestDigest:
    @pytest.fixture(autouse=True)
    def _kind(self, make_kind):
        make_kind("probe.fit", category="suggestions", urgency="digestible", context=lambda n: {"link": f"/p/{n.pk}/"})

    def _waiting(self, user, number=3):
        services.set_preferences(actor=user, user=user, choices={("suggestions", "email"): "daily"})
        return [mail_of(tell([user], "probe.fit", score=n)[0]) for n in range(number)]

    def test_several_go_in_one_mail_once_best_first(self, user, smtp):
        waiting = self._waiting(user)
        assert send_due_digests() == 0
        Delivery.objects.filter(slot="daily").update(due_at=DbNow())
        assert send_due_digests() == 1
        assert send_due_digests() == 0
        digest = Delivery.objects.get(notification__kind="notifications.digest")
        assert hand_over(digest).state == DeliveryState.SENT
        text = next(smtp.messages[0].iter_parts()).get_content()
        links = [f"/p/{row.notification_id}/" for row in reversed(waiting)]
        assert [text.index(link) for link in links] == sorted(text.index(link) for link in links)
        assert set(Delivery.objects.filter(carried_by=digest).values_list("reason", "state")) == {
            ("in_digest", "suppressed")
        }

    def test_what_is_gone_drops_out_and_an_empty_digest_is_not_sent(self, user, smtp):
        waiting = self._waiting(user, 2)
        Delivery.objects.filter(slot="daily").update(due_at=DbNow())
        send_due_digests()
        digest = Delivery.objects.get(notification__kind="notifications.digest")
        Notification.objects.filter(pk=waiting[0].notification_id).update(kind="probe.gone")
        assert len(registry.get("notifications.digest").context(digest.notification)["items"]) == 1
        Notification.objects.filter(pk=waiting[1].notification_id).update(kind="probe.gone")
        assert hand_over(digest).reason == "nothing_left"

    def test_the_dispatcher_leaves_waiting_ones_alone(self, user):
        self._waiting(user, 1)
        Delivery.objects.filter(slot="daily").update(due_at=DbNow())
        source = next(source for source in outbox.sources() if source.name == "deliveries")
        assert outbox.claim(source, 100) == []

    def test_after_some_a_day_the_rest_waits_for_the_morning(self, user):
        slots = [mail_of(tell([user], "probe.fit")[0]).slot for _ in range(services.IMMEDIATE_PER_DAY + 2)]
        assert slots == [Slot.NOW] * services.IMMEDIATE_PER_DAY + [Slot.DAILY] * 2


@pytest.mark.parametrize(
    ("slot", "moment", "expected"),
    [
        ("daily", datetime(2026, 3, 28, 5, 59, tzinfo=UTC), datetime(2026, 3, 28, 6, 0, tzinfo=UTC)),
        ("daily", datetime(2026, 3, 28, 6, 0, tzinfo=UTC), datetime(2026, 3, 29, 5, 0, tzinfo=UTC)),
        ("daily", datetime(2026, 10, 24, 12, 0, tzinfo=UTC), datetime(2026, 10, 25, 6, 0, tzinfo=UTC)),
        ("weekly", datetime(2026, 3, 23, 6, 30, tzinfo=UTC), datetime(2026, 3, 30, 5, 0, tzinfo=UTC)),
        ("weekly", datetime(2026, 3, 23, 5, 30, tzinfo=UTC), datetime(2026, 3, 23, 6, 0, tzinfo=UTC)),
    ],
)
def test_slots_follow_the_swedish_wall_clock(slot, moment, expected):
    assert next_slot(slot, moment) == expected


class TestLease:
    def _stuck(self, user, *, called: bool, kind="notifications.trial"):
        delivery = mail_of(tell([user], kind)[0])
        Delivery.objects.filter(pk=delivery.pk).update(
            state="sending",
            attempts=1,
            lease_token=delivery.idem_key,
            lease_until=DbNow() - timedelta(seconds=1),
            called_at=DbNow() - timedelta(seconds=30) if called else None,
        )
        return delivery

    @pytest.mark.parametrize(
        ("called", "state", "reason"), [(False, "pending", ""), (True, "uncertain", "worker_vanished")]
    )
    def test_a_vanished_worker_is_noticed(self, user, called, state, reason):
        delivery = self._stuck(user, called=called)
        assert sweeping.sweep_sending() == 1
        delivery.refresh_from_db()
        assert (delivery.state, delivery.reason) == (state, reason)
        assert delivery.attempt_rows.count() == 1

    def test_a_running_lease_is_left_alone(self, user):
        delivery = self._stuck(user, called=True)
        Delivery.objects.filter(pk=delivery.pk).update(lease_until=DbNow() + timedelta(seconds=30))
        assert sweeping.sweep_sending() == 0

    def test_a_late_answer_still_counts(self, user, make_kind):
        from backend.notifications.batches import Batch
        from backend.notifications.channels import Result
        from backend.notifications.enums import Outcome
        from backend.notifications.sending import record

        delivery = self._stuck(user, called=True)
        mine = Delivery.objects.select_related("notification").get(pk=delivery.pk)
        sweeping.sweep_sending()
        record(mine, Result(Outcome.SENT, "250"), Batch([mine]))
        delivery.refresh_from_db()
        assert delivery.state == DeliveryState.SENT

    def test_an_answer_without_the_lease_changes_nothing(self, user):
        import uuid

        from backend.notifications.batches import Batch
        from backend.notifications.channels import Result
        from backend.notifications.enums import Outcome
        from backend.notifications.sending import record

        delivery = self._stuck(user, called=True)
        mine = Delivery.objects.select_related("notification").get(pk=delivery.pk)
        Delivery.objects.filter(pk=delivery.pk).update(lease_token=uuid.uuid4())
        record(mine, Result(Outcome.PERMANENT, "550"), Batch([mine]))
        delivery.refresh_from_db()
        assert delivery.state == DeliveryState.SENDING


def test_reconciliation_finds_and_repairs_a_missing_delivery(user):
    notification = tell([user])[0]
    assert sweeping.reconcile() == 0
    notification.deliveries.get(channel="email").delete()
    assert sweeping.reconcile() == 1
    assert mail_of(notification).state == DeliveryState.PENDING


def test_overdue_ones_expire(user):
    delivery = mail_of(tell([user])[0])
    assert sweeping.expire_overdue() == 0
    Delivery.objects.filter(pk=delivery.pk).update(expires_at=DbNow() - timedelta(seconds=1))
    assert sweeping.expire_overdue() == 1


class TestResend:
    def _dead(self, user):
        delivery = mail_of(tell([user])[0])
        Delivery.objects.filter(pk=delivery.pk).update(state="dead", reason="refused")
        return delivery

    @pytest.fixture
    def office(self, db):
        from backend.accounts.models import Role

        person = make_user()
        Role.objects.create(user=person, kind="network")
        return person

    def test_it_is_due_again_under_the_same_key_and_logged(self, user, office, smtp):
        delivery = self._dead(user)
        services.resend_delivery(actor=office, delivery_id=delivery.pk, reason="New address")
        entry = LogEntry.objects.get(action="delivery.resent")
        assert (entry.actor, entry.reason, entry.data) == (office, "New address", {"from": "dead"})
        assert hand_over(delivery).state == DeliveryState.SENT
        assert set(smtp.keys) == {str(delivery.idem_key)}

    def test_others_may_not(self, user):
        delivery = self._dead(user)
        with pytest.raises(NotFound):
            services.resend_delivery(actor=user, delivery_id=delivery.pk, reason="please")
        delivery.refresh_from_db()
        assert delivery.state == DeliveryState.DEAD

    def test_not_without_a_reason_and_not_what_has_arrived(self, user, office):
        delivery = self._dead(user)
        with pytest.raises(Invalid):
            services.resend_delivery(actor=office, delivery_id=delivery.pk, reason=" ")
        Delivery.objects.filter(pk=delivery.pk).update(state="sent")
        with pytest.raises(Conflict):
            services.resend_delivery(actor=office, delivery_id=delivery.pk, reason="again")


def test_the_table_and_the_enum_agree():
    moves = DELIVERY.moves.values()
    named = {state for move in moves for state in move.sources} | {move.target for move in moves}
    assert named == set(DeliveryState)
    by_machine = [move for action, move in DELIVERY.moves.items() if "operator" not in move.by]
    # Only an operator, a provider's report or a late answer takes a row out of a settled state.
    assert {move.target for move in by_machine if move.sources & TERMINAL and not {"provider"} & {move.by}} == {
        DeliveryState.SENT
    }


@pytest.mark.parametrize(
    "change",
    [{"category": "weather"}, {"channels": ("pigeon",)}, {"urgency": "soon"}, {"name": "nodot"}],
)
def test_a_kind_that_does_not_hold_together_is_refused(change):
    fields = {
        "name": "probe.thing",
        "category": Category.ACCOUNT,
        "title": str,
        "context": dict,
        "channels": (ChannelName.EMAIL,),
        **change,
    }
    with pytest.raises(ValueError, match=r".+"):
        registry.register(registry.Kind(**fields))
