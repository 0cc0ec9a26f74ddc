"""Prepare a round: what it is, which seats it gives out, who takes part."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.accounts.policies import is_coordinator_of
from backend.common import clock
from backend.common.errors import Conflict, Invalid, NotAllowed, NotFound
from backend.common.transitions import lock, log
from backend.offers.enums import OfferState
from backend.offers.models import OfferPeriod
from backend.offers.seats import hold_seats, release_seats
from backend.reference.models import Municipality, PlacementForm
from backend.reference.selectors import form_on
from backend.rounds import policies
from backend.rounds.enums import RUN_BUSY, Method, RoundState, Sex, UnplacedPolicy
from backend.rounds.models import (
    Participant,
    RegionCap,
    Round,
    RoundSeat,
    SeatReserve,
    TownPair,
)
from backend.rounds.models.rounds import MOST_WISHES
from backend.students.models import GroupMembership, Student
from backend.students.policies import groups_visible_to, may_list

MOST_SEATS = 10_000
LONGEST_NAME, LONGEST_GROUP = 120, 40


@dataclass(frozen=True)
class RoundDetails:
    """What a coordinator says about a round. Moments are aware; start and end are included. See `models.Round`."""

    name: str
    lead_code: str
    form: str
    start: date
    end: date
    opens_at: datetime
    closes_at: datetime
    publish_on: date
    accept_by: datetime
    employers_answer_by: datetime | None = None
    municipality_codes: Sequence[str] = ()
    method: str = Method.STABLE
    max_wishes: int = 5
    max_distance_km: int | None = None
    unplaced_policy: str = UnplacedPolicy.PERSON
    is_joinable: bool = True
    region_caps: Mapping[str, int] = field(default_factory=dict)


SAME_CLICK = timedelta(minutes=1)


@dataclass(frozen=True)
class SeatDetails:
    """seats of a period for the round; minimum 0 = runs with any number. reserves: group to seats it gets first."""

    period_id: int
    seats: int
    minimum: int = 0
    reserves: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ParticipantsAdded:
    """added, unchanged: numbers. refused: students who are in another round in the same weeks."""

    added: int
    unchanged: int
    refused: Sequence[int] = ()


def locked_round(actor: User, round_id: int) -> Round:
    """The round, locked, which the actor leads. NotFound or NotAllowed otherwise."""
    try:
        the_round = lock(Round.objects.all(), round_id)
    except Round.DoesNotExist as error:
        raise NotFound("round.unknown", _("There is no such round.")) from error
    policies.require_manager(actor, the_round)
    return the_round


def require_state(the_round: Round, *states: RoundState) -> None:
    if the_round.state not in states:
        raise Conflict(
            "round.wrong_state",
            _("The round has moved on, so this can no longer be changed."),
            data={"state": the_round.state},
        )


@transaction.atomic
def create_round(*, actor: User, details: RoundDetails) -> Round:
    """A draft. Raises Invalid with the field that is wrong; nothing is saved then."""
    if not is_coordinator_of(actor, details.lead_code):
        raise NotAllowed("round.not_coordinator", _("You are not a coordinator of this municipality."))
    the_round = Round(created_by=actor)
    _write(the_round, details)
    log("round.created", the_round, actor=actor)
    return the_round


@transaction.atomic
def create_round_once(*, actor: User, details: RoundDetails) -> Round:
    """`create_round`; but the draft that is there, when the same person made one of the same name, form and days less than
    a minute ago: a form that was sent twice by a double click is one round.

    The person's row is locked meanwhile, so two requests at the same moment are one after the other.
    """
    User.objects.select_for_update(no_key=True).get(pk=actor.pk)
    twin = Round.objects.filter(
        created_by=actor,
        lead=details.lead_code,
        form=details.form,
        name=details.name.strip(),
        start=details.start,
        end=details.end,
        state=RoundState.DRAFT,
        created_at__gt=clock.now() - SAME_CLICK,
    ).first()
    return twin or create_round(actor=actor, details=details)


@transaction.atomic
def update_round(*, actor: User, round_id: int, details: RoundDetails) -> Round:
    """Changes a draft. What students have seen stands: an open round is not changed any more."""
    the_round = locked_round(actor, round_id)
    require_state(the_round, RoundState.DRAFT)
    if details.lead_code != the_round.lead_id and not is_coordinator_of(actor, details.lead_code):
        raise NotAllowed("round.not_coordinator", _("You are not a coordinator of this municipality."))
    _write(the_round, details)
    the_round.participants.update(start=the_round.start, end=the_round.end)
    log("round.updated", the_round, actor=actor)
    return the_round


def _write(the_round: Round, details: RoundDetails) -> None:
    _check(details)
    codes = {details.lead_code, *details.municipality_codes}
    for name in ("start", "end", "opens_at", "closes_at", "publish_on", "accept_by", "employers_answer_by", "method"):
        setattr(the_round, name, getattr(details, name))
    the_round.name = details.name.strip()
    the_round.lead_id, the_round.form_id = details.lead_code, details.form
    the_round.max_wishes, the_round.max_distance_km = details.max_wishes, details.max_distance_km
    the_round.unplaced_policy, the_round.is_joinable = details.unplaced_policy, details.is_joinable
    the_round.save()
    the_round.municipalities.set(Municipality.objects.filter(pk__in=codes))
    the_round.region_caps.exclude(municipality__in=details.region_caps).delete()
    RegionCap.objects.bulk_create(
        [RegionCap(round=the_round, municipality_id=code, cap=cap) for code, cap in details.region_caps.items()],
        update_conflicts=True,
        unique_fields=["round", "municipality"],
        update_fields=["cap"],
    )


def _wrong(code: str, message: "str | Promise", name: str) -> Invalid:
    return Invalid(f"round.{code}", message, field=name)


def _check(details: RoundDetails) -> None:
    if not details.name.strip():
        raise _wrong("no_name", _("Give the round a name."), "name")
    if len(details.name.strip()) > LONGEST_NAME:
        raise _wrong("too_long", _("The text is too long."), "name")
    codes = {details.lead_code, *details.municipality_codes, *details.region_caps}
    if Municipality.objects.filter(pk__in=codes).count() != len(codes):
        raise _wrong("unknown_municipality", _("There is no municipality with this code."), "municipality_codes")
    if not PlacementForm.objects.filter(pk=details.form).exists():
        raise _wrong("unknown_form", _("Choose a form."), "form")
    if details.method not in Method.values:
        raise _wrong("unknown_method", _("Choose from the list."), "method")
    if details.unplaced_policy not in UnplacedPolicy.values:
        raise _wrong("unknown_policy", _("Choose from the list."), "unplaced_policy")
    if not 1 <= details.max_wishes <= MOST_WISHES:
        raise _wrong("bad_wishes", _("Between 1 and 20 wishes."), "max_wishes")
    if details.max_distance_km is not None and not 1 <= details.max_distance_km <= 2000:
        raise _wrong("bad_distance", _("Enter a distance between 1 and 2,000 km."), "max_distance_km")
    if any(cap < 0 for cap in details.region_caps.values()):
        raise _wrong("bad_cap", _("Enter a number from 0."), "region_caps")
    _check_dates(details)
    form_on(details.form, details.start)


def _check_dates(details: RoundDetails) -> None:
    if details.end < details.start:
        raise _wrong("reversed", _("The last day is before the first."), "end")
    if details.start <= clock.today():
        raise _wrong("past", _("The first day has already been."), "start")
    if details.closes_at <= details.opens_at:
        raise _wrong("closes_early", _("The round must close after it opens."), "closes_at")
    if details.closes_at <= clock.now():
        raise _wrong("closed_already", _("This moment has already passed."), "closes_at")
    if details.publish_on < details.closes_at.date():
        raise _wrong("publishes_early", _("The answers cannot come before the round closes."), "publish_on")
    if details.accept_by.date() <= details.publish_on:
        raise _wrong("no_time_to_answer", _("Students need at least a day to answer."), "accept_by")
    if details.accept_by.date() >= details.start:
        raise _wrong("answers_late", _("Students must answer before the first day."), "accept_by")
    employers = details.employers_answer_by
    if employers is not None and not details.closes_at <= employers:
        raise _wrong("employers_early", _("Organisations rank after the round has closed."), "employers_answer_by")
    if employers is not None and employers.date() > details.publish_on:
        raise _wrong(
            "employers_late", _("Organisations must have ranked before the publication."), "employers_answer_by"
        )


@transaction.atomic
def set_seats(*, actor: User, round_id: int, seats: Sequence[SeatDetails]) -> list[RoundSeat]:
    """The rows of seats the round gives out: those named are added or changed, those left out are taken away.

    In an open round the seats are held in their periods, so more of them are taken at once and fewer are given back.
    Raises Invalid with the row that is wrong (`seats-0`), Conflict when a row that students wish for would go
    (`round.seat_wished`), when a run is at work (`round.run_works`), or when the period has not enough free seats.
    """
    the_round = locked_round(actor, round_id)
    require_state(the_round, RoundState.DRAFT, RoundState.OPEN)
    require_no_run(the_round)
    periods = OfferPeriod.objects.select_related("offer").in_bulk([row.period_id for row in seats])
    for number, row in enumerate(seats):
        _check_seat(the_round, row, periods.get(row.period_id), f"seats-{number}")
    if len({row.period_id for row in seats}) < len(seats):
        raise Invalid("round.period_twice", _("This period is in the round already."), field="seats")
    known = {seat.period_id: seat for seat in the_round.seats.select_for_update().filter(is_own_place=False)}
    wanted = {row.period_id: row for row in seats}
    _take_away(the_round, [seat for pk, seat in known.items() if pk not in wanted])
    fresh = [
        RoundSeat(round=the_round, period_id=pk, seats=row.seats, minimum=row.minimum)
        for pk, row in wanted.items()
        if pk not in known
    ]
    if the_round.state == RoundState.OPEN:
        for seat in fresh:
            hold_seats(seat.period_id, seat.seats)
            seat.held = seat.seats
    RoundSeat.objects.bulk_create(fresh)
    for pk, seat in known.items():
        if pk in wanted:
            _change(the_round, seat, wanted[pk])
    rows = list(the_round.seats.filter(is_own_place=False))
    SeatReserve.objects.filter(seat__in=rows).delete()
    SeatReserve.objects.bulk_create(
        SeatReserve(seat=seat, group=group.strip(), seats=number)
        for seat in rows
        for group, number in wanted[seat.period_id].reserves.items()
    )
    log("round.seats_set", the_round, actor=actor, data={"rows": len(rows), "seats": sum(r.seats for r in rows)})
    return rows


def require_no_run(the_round: Round) -> None:
    if the_round.runs.filter(state__in=RUN_BUSY).exists():
        raise Conflict("round.run_works", _("A run is at work. Wait for it, or cancel it first."))


def _check_seat(the_round: Round, row: SeatDetails, period: OfferPeriod | None, where: str) -> None:
    if period is None or period.offer.state != OfferState.PUBLISHED:
        raise Invalid("round.period_unknown", _("There is no such published place."), field=where)
    if period.offer.form_id != the_round.form_id:
        raise Invalid("round.other_form", _("The place is of another form than the round."), field=where)
    if period.start < the_round.start or period.end > the_round.end:
        raise Invalid("round.other_dates", _("The dates of the place lie outside the round."), field=where)
    if not 1 <= row.seats <= MOST_SEATS:
        raise Invalid("round.no_seats", _("At least one seat is needed."), field=where)
    if not 0 <= row.minimum <= row.seats:
        raise Invalid("round.bad_minimum", _("The least number of students is above the seats."), field=where)
    groups = [group.strip() for group in row.reserves]
    numbers = list(row.reserves.values())
    if any(not 0 < len(group) <= LONGEST_GROUP for group in groups) or any(number < 1 for number in numbers):
        raise Invalid("round.bad_reserve", _("Name the group and its seats."), field=where)
    if sum(numbers) > row.seats:
        raise Invalid("round.reserves_more", _("More seats are reserved than there are."), field=where)


def _take_away(the_round: Round, seats: Sequence[RoundSeat]) -> None:
    wished = [seat.pk for seat in seats if seat.wishes.exists()] if seats else []
    if wished:
        raise Conflict(
            "round.seat_wished",
            _("Students have wished for a place that would go. Leave it out of the runs instead."),
            data={"seats": wished[:5]},
        )
    for seat in seats:
        release_seats(seat.period, seat.held)
        seat.delete()


def _change(the_round: Round, seat: RoundSeat, row: SeatDetails) -> None:
    if the_round.state == RoundState.OPEN and row.seats > seat.held:
        hold_seats(seat.period_id, row.seats - seat.held)
        seat.held = row.seats
    elif the_round.state == RoundState.OPEN and row.seats < seat.held:
        release_seats(seat.period, seat.held - row.seats)
        seat.held = row.seats
    seat.seats, seat.minimum = row.seats, row.minimum
    seat.save(update_fields=["seats", "minimum", "held"])


@transaction.atomic
def add_participants(
    *, actor: User, round_id: int, student_ids: Sequence[int] = (), group_ids: Sequence[int] = ()
) -> ParticipantsAdded:
    """Adds students by themselves and whole class lists. Those who are in already stay; repeating changes nothing.

    Raises NotFound for students or lists the actor must not know of. Students in another round in the same weeks are
    named in the answer and not added; the others are.
    """
    the_round = locked_round(actor, round_id)
    require_state(the_round, RoundState.DRAFT, RoundState.OPEN)
    if groups_visible_to(actor).filter(pk__in=group_ids).count() != len(set(group_ids)):
        raise NotFound("group.unknown", _("There is no such class list."))
    wanted = set(student_ids)
    codes = set(the_round.municipalities.values_list("pk", flat=True))
    listed = may_list(actor).filter(municipality__in=codes)
    if wanted - set(listed.filter(pk__in=wanted).values_list("pk", flat=True)):
        raise NotFound("student.unknown", _("There is no such student."))
    # Whom the actor may not know of stands on the list all the same and is added without being shown or counted.
    on_lists = Student.objects.filter(
        pk__in=GroupMembership.objects.filter(group__in=group_ids).values("student"), municipality__in=codes
    )
    everyone = wanted | set(on_lists.values_list("pk", flat=True))
    present = set(the_round.participants.filter(student__in=everyone).values_list("student", flat=True))
    busy = set(
        Participant.objects.filter(
            student__in=everyone - present, is_live=True, start__lte=the_round.end, end__gte=the_round.start
        ).values_list("student", flat=True)
    )
    added = sorted(everyone - present - busy)
    try:
        with transaction.atomic():
            Participant.objects.bulk_create(
                Participant(round=the_round, student_id=pk, start=the_round.start, end=the_round.end) for pk in added
            )
    except IntegrityError as error:
        raise Conflict("round.overlap", _("The student is in another round in the same weeks.")) from error
    if added:
        log("round.participants_added", the_round, actor=actor, data={"students": len(added)})
    shown = set(listed.filter(pk__in=everyone).values_list("pk", flat=True))
    return ParticipantsAdded(
        added=len(shown.intersection(added)), unchanged=len(shown & present), refused=sorted(shown & busy)
    )


def lock_participant(participant_id: int) -> Participant:
    """For a caller who then asks whether the actor may. Raises NotFound."""
    participant = (
        Participant.objects.select_related("round", "student__user")
        .select_for_update(of=("self",))
        .filter(pk=participant_id)
        .first()
    )
    if participant is None:
        raise NotFound("participant.unknown", _("There is no such participant."))
    return participant


def locked_participant(actor: User, participant_id: int) -> Participant:
    """The participant, locked, of a round the actor leads and whom the actor may know of."""
    participant = lock_participant(participant_id)
    if not may_list(actor).filter(pk=participant.student_id).exists():
        raise NotFound("participant.unknown", _("There is no such participant."))
    policies.require_manager(actor, participant.round)
    return participant


@transaction.atomic
def update_participant(
    *, actor: User, participant_id: int, group: str = "", sex: str = "", priority: int = 0, reason: str = ""
) -> Participant:
    """What reserved seats and figures go by. priority: lower goes first; other than 0 it needs a reason."""
    participant = locked_participant(actor, participant_id)
    require_state(participant.round, RoundState.DRAFT, RoundState.OPEN, RoundState.CLOSED)
    if sex and sex not in Sex.values:
        raise Invalid("participant.unknown_sex", _("Choose from the list."), field="sex")
    if len(group.strip()) > LONGEST_GROUP:
        raise Invalid("participant.too_long", _("The text is too long."), field="group")
    if not 0 <= priority <= 100:
        raise Invalid("participant.bad_priority", _("Enter a number between 0 and 100."), field="priority")
    if priority != participant.priority and not reason.strip():
        raise Invalid("participant.no_reason", _("Write why."), field="reason")
    data = {"priority": priority, "from": participant.priority}
    participant.group, participant.sex, participant.priority = group.strip(), sex, priority
    participant.save(update_fields=["group", "sex", "priority", "updated_at"])
    log("participant.updated", participant, actor=actor, reason=reason.strip(), data=data)
    return participant


@transaction.atomic
def remove_participant(*, actor: User, participant_id: int, reason: str = "") -> None:
    """Takes a student and the wishes out of a round that is not published."""
    participant = locked_participant(actor, participant_id)
    require_state(participant.round, RoundState.DRAFT, RoundState.OPEN, RoundState.CLOSED)
    require_no_run(participant.round)
    log("participant.removed", participant, actor=actor, reason=reason.strip(), data={"round": participant.round_id})
    participant.delete()


@transaction.atomic
def pair_participants(*, actor: User, first_id: int, second_id: int) -> TownPair:
    """Two who want to be in the same municipality. Raises Conflict when one of them is in a pair already, and where the
    round's rules say nothing about pairs: with the optimal method, reserved seats or caps."""
    first, second = (locked_participant(actor, pk) for pk in sorted((first_id, second_id)))
    require_state(first.round, RoundState.DRAFT, RoundState.OPEN)
    if first.pk == second.pk or first.round_id != second.round_id:
        raise Invalid("pair.not_two", _("Choose two students of the same round."), field="second")
    if has_rules_against_pairs(first.round):
        raise Conflict("round.pairs_alone", _("Pairs need the stable method, without reserved seats and caps."))
    pairs = TownPair.objects.filter(first__in=[first, second]) | TownPair.objects.filter(second__in=[first, second])
    if pairs.exists():
        raise Conflict("pair.twice", _("One of them is in a pair already."))
    try:
        with transaction.atomic():
            pair = TownPair.objects.create(round=first.round, first=first, second=second)
    except IntegrityError as error:
        raise Conflict("pair.twice", _("One of them is in a pair already.")) from error
    log("pair.created", pair, actor=actor, data={"participants": [first.pk, second.pk]})
    return pair


def has_rules_against_pairs(the_round: Round) -> bool:
    return (
        the_round.method != Method.STABLE
        or the_round.region_caps.exists()
        or SeatReserve.objects.filter(seat__round=the_round).exists()
    )


@transaction.atomic
def unpair(*, actor: User, pair_id: int) -> None:
    pair = TownPair.objects.select_related("first__student", "round").filter(pk=pair_id).first()
    if pair is None:
        raise NotFound("pair.unknown", _("There is no such pair."))
    locked_participant(actor, pair.first_id)
    require_state(pair.round, RoundState.DRAFT, RoundState.OPEN, RoundState.CLOSED)
    log("pair.removed", pair, actor=actor, data={"participants": [pair.first_id, pair.second_id]})
    pair.delete()


def students_allowed(the_round: Round, student: Student) -> bool:
    """Whether the student may join by oneself: of one of the municipalities, and looking for the form."""
    return (
        the_round.is_joinable
        and the_round.municipalities.filter(pk=student.municipality_id).exists()
        and student.forms.filter(pk=the_round.form_id).exists()
    )
