"""Commands about suggestions: find, store, tell, dismiss."""

from collections.abc import Iterable

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.common import clock
from backend.common.errors import NotFound
from backend.common.models import DomainEvent
from backend.common.transitions import log
from backend.notifications.models import Notification
from backend.notifications.services import notify
from backend.offers.models import Offer
from backend.reference.selectors import equivalent_codes
from backend.students.models import Alert, Student
from backend.suggestions.engine import Candidate, get_engine
from backend.suggestions.models import Suggestion, SuggestionRun
from backend.suggestions.reasons import Reason, reasons_of

STUDENTS_PER_OFFER = 200
OFFERS_PER_STUDENT = 50
EVERYBODY = 1_000_000
# Below this a place is shown to those who look, but nobody is disturbed for it.
TELL_FROM_SCORE = 0.35


@transaction.atomic
def suggest_offer(*, event: DomainEvent) -> int:
    """An open offer finds its students and alerts: rows for both, and one notification per person and offer.

    Repeating it with the same event changes nothing more; whoever heard of the offer through an earlier event, has
    dismissed it or applied is not told again. Suggestions the offer has outgrown are removed.
    Returns the number of people told.
    """
    offer = Offer.objects.select_related("organisation").filter(pk=event.subject_id).first()
    if offer is None or not offer.is_open:
        return 0
    candidates = get_engine().students_for(offer.pk, STUDENTS_PER_OFFER)
    students = Student.objects.unprotected().select_related("user").in_bulk([row.id for row in candidates])
    pairs = [(row, students[row.id], offer) for row in candidates if row.id in students]
    _store(pairs)
    _remove_outgrown(offer, {row.id for row in candidates})
    settled = _settled_users(offer, event)
    by_alert = [student for student in _students_with_alert(offer) if student.user_id not in settled]
    notify(event=event, recipients=[student.user for student in by_alert], kind="alert.matched", subject=offer)
    asked = {student.pk for student in by_alert}
    fitting = [
        row.user
        for hit, row, _offer in pairs
        if hit.score >= TELL_FROM_SCORE and row.pk not in asked and row.user_id not in settled
    ]
    notify(event=event, recipients=fitting, kind="match.suggested", subject=offer)
    return len(by_alert) + len(fitting)


def _remove_outgrown(offer: Offer, fitting: set[int]) -> None:
    """Drops suggestions of the offer to students it does not fit any more. Dismissed ones stay, to be remembered."""
    outgrown = Suggestion.objects.filter(offer=offer, dismissed_at__isnull=True).exclude(student__in=fitting)
    if len(fitting) >= STUDENTS_PER_OFFER and outgrown.exists():
        # The list was cut off: those further down fit too.
        outgrown = outgrown.exclude(student__in=[row.id for row in get_engine().students_for(offer.pk, EVERYBODY)])
    # Whoever has locked one is finding that student's offers anew and decides about it.
    free = outgrown.select_for_update(skip_locked=True).values_list("pk", flat=True)
    Suggestion.objects.filter(pk__in=list(free)).delete()


def _settled_users(offer: Offer, event: DomainEvent) -> set[int]:
    """Users who need not hear of the offer: told through another event, not interested, or an applicant already."""
    told = Notification.objects.filter(
        kind__in=["match.suggested", "alert.matched"], subject_type="offer", subject_id=offer.pk
    ).exclude(event=event)
    dismissed = Suggestion.objects.filter(offer=offer, dismissed_at__isnull=False)
    applied = Student.objects.filter(applications__period__offer=offer)
    return {
        *told.values_list("recipient_id", flat=True),
        *dismissed.values_list("student__user_id", flat=True),
        *applied.values_list("user_id", flat=True),
    }


def _students_with_alert(offer: Offer) -> list[Student]:
    """Students one of whose alerts the offer answers, its words included. Each once."""
    hits = get_engine().alerts_for(offer.pk)
    alerts = Alert.objects.select_related("student__user").in_bulk([hit.id for hit in hits])
    text = f"{offer.title} {offer.tasks} {offer.organisation.name}".casefold()
    found = {
        alert.student_id: alert.student
        for alert in alerts.values()
        # The index may be a moment old: what must never happen is asked of the rows once more.
        if alert.is_active
        and not alert.student.is_protected
        and alert.student.user.is_active
        and all(word in text for word in alert.text.casefold().split())
    }
    return [found[pk] for pk in sorted(found)]


@transaction.atomic
def tell_of_correction(*, event: DomainEvent) -> int:
    """A publication was undone: those who heard of the place learn that it cannot be applied for right now.

    Only those a message has reached; the others' is dropped before it is sent, since the place is not open any more.
    Returns the number of people told.
    """
    offer = Offer.objects.filter(pk=event.subject_id).first()
    if offer is None or offer.is_open:
        return 0
    told = User.objects.filter(
        pk__in=Notification.objects.filter(
            kind__in=["match.suggested", "alert.matched"], subject_type="offer", subject_id=offer.pk
        ).values("recipient"),
        is_active=True,
    )
    return len(notify(event=event, recipients=list(told), kind="match.suggestion_corrected", subject=offer))


@transaction.atomic
def suggest_for_student(*, student_id: int) -> int:
    """Finds the open offers that fit a student and replaces what was suggested before. Dismissed ones stay dismissed."""
    # No key: suggestions of the same student that another transaction has just written may be committed meanwhile.
    student = Student.objects.select_for_update(no_key=True).filter(pk=student_id).first()
    if student is None:
        return 0
    candidates = [] if student.is_protected else get_engine().offers_for(student_id, OFFERS_PER_STUDENT)
    offers = Offer.objects.in_bulk([row.id for row in candidates])
    pairs = [(row, student, offers[row.id]) for row in candidates if row.id in offers]
    outgrown = Suggestion.objects.filter(student=student).exclude(offer__in=offers)
    if not student.is_protected:
        outgrown = outgrown.filter(dismissed_at__isnull=True)
    outgrown.delete()
    _store(pairs)
    SuggestionRun.objects.update_or_create(student=student, defaults={"at": clock.now()})
    return len(pairs)


def _store(pairs: Iterable[tuple[Candidate, Student, Offer]]) -> None:
    # One order for all who write at the same time, or an offer's and a student's run could wait for each other.
    kept = sorted(pairs, key=lambda pair: (pair[1].pk, pair[2].pk))
    programmes = dict(
        Offer.programmes.through.objects.filter(offer__in={offer.pk for _hit, _student, offer in kept})
        .values_list("offer_id")
        .annotate(codes=ArrayAgg("programme_id"))
    )
    codes = {student.programme_id for _hit, student, _offer in kept if student.programme_id}
    same = {code: equivalent_codes(code) for code in codes}
    Suggestion.objects.bulk_create(
        [
            Suggestion(
                student=student, offer=offer, score=hit.score, reasons=_reasons(hit, student, offer, programmes, same)
            )
            for hit, student, offer in kept
        ],
        update_conflicts=True,
        unique_fields=["student", "offer"],
        update_fields=["score", "reasons", "updated_at"],
    )


def _reasons(
    hit: Candidate, student: Student, offer: Offer, programmes: dict[int, list[str]], same: dict[str, set[str]]
) -> list[Reason]:
    wanted = same.get(student.programme_id or "", set())
    named = programmes.get(offer.pk, [])
    return reasons_of(hit, student, offer, same_programme=bool(wanted.intersection(named)), wanted=named)


@transaction.atomic
def dismiss_suggestion(*, actor: User, suggestion_id: int, undo: bool = False) -> Suggestion:
    """The student does not want to see a suggestion any more, or wants it back."""
    suggestion = Suggestion.objects.filter(pk=suggestion_id, student__user=actor).first()
    if suggestion is None:
        raise NotFound("suggestion.unknown", _("There is no such suggestion."))
    suggestion.dismissed_at = None if undo else clock.now()
    suggestion.save(update_fields=["dismissed_at"])
    log("suggestion.restored" if undo else "suggestion.dismissed", suggestion, actor=actor)
    return suggestion
