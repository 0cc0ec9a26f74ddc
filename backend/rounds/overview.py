"""Where rounds stand, in figures for lists and headings. Protected identities are counted for nobody without a grant."""

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from backend.accounts.models import User
from backend.offers.enums import OfferState
from backend.offers.models import OfferPeriod
from backend.rounds import policies
from backend.rounds.models import Participant, Round, RoundSeat
from backend.students.policies import may_list


def participants_shown_to(user: User, the_round: Round) -> "QuerySet[Participant]":
    """Those the user may know of, in Swedish order of name within each school and class."""
    return Participant.objects.filter(round=the_round, student__in=may_list(user)).select_related("student__user")


def list_rounds(user: User) -> "QuerySet[Round]":
    """The rounds of the user's municipalities, newest first, with `participant_count`, `wished_count`, `seat_count`."""
    shown = Participant.objects.filter(round=OuterRef("pk"), student__in=may_list(user)).order_by()
    counted = shown.values("round").annotate(all=Count("pk"), wished=Count("pk", filter=Q(wished_at__isnull=False)))
    seats = RoundSeat.objects.filter(round=OuterRef("pk")).order_by().values("round").annotate(all=Sum("seats"))
    return (
        policies.rounds_visible_to(user)
        .select_related("lead", "form")
        .annotate(
            participant_count=Coalesce(Subquery(counted.values("all")), 0),
            wished_count=Coalesce(Subquery(counted.values("wished")), 0),
            seat_count=Coalesce(Subquery(seats.values("all")), 0),
        )
        .order_by("-opens_at", "-pk")
    )


def get_round(user: User, round_id: int) -> Round | None:
    """One round with the figures of the list. None for one the user must not know of."""
    return list_rounds(user).filter(pk=round_id).first()


def list_periods_for(the_round: Round) -> "QuerySet[OfferPeriod]":
    """Published periods of the round's form and municipalities that lie inside its dates, with those already in it."""
    return (
        OfferPeriod.objects.filter(
            Q(
                offer__state=OfferState.PUBLISHED,
                offer__form=the_round.form_id,
                start__gte=the_round.start,
                end__lte=the_round.end,
                offer__workplace__municipality__in=the_round.municipalities.values("pk"),
            )
            | Q(round_seats__round=the_round)
        )
        .exclude(round_seats__round=the_round, round_seats__is_own_place=True)
        .select_related("offer__organisation", "offer__workplace__municipality")
        .distinct()
        .order_by("offer__organisation__name", "offer__title", "start", "pk")
    )
