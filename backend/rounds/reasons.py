"""The facts behind the sentences of `explain`, read for one student or for all who are told at once."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from django.db.models import Count

from backend.rounds.explain import WishFacts, summary
from backend.rounds.models import Result, Wish

# Below this many, a number of students tells on them.
FEWEST_SHOWN = 5


def wish_counts(seat_ids: Sequence[int]) -> dict[int, int]:
    """How many students wish for each row of seats; those with protected identity are not counted. One query."""
    rows = (
        Wish.objects.filter(seat__in=seat_ids, participant__is_live=True, participant__student__is_protected=False)
        .order_by()
        .values("seat")
        .annotate(number=Count("pk"))
    )
    return {row["seat"]: row["number"] for row in rows}


def facts_for(results: Sequence[Result]) -> Mapping[int, list[WishFacts]]:
    """For each result its participant's wishes, best first. Two queries however many results."""
    wishes: dict[int, list[Wish]] = defaultdict(list)
    rows = Wish.objects.filter(participant__in=[result.participant_id for result in results]).order_by("rank")
    for wish in rows.select_related("seat__period__offer__organisation"):
        wishes[wish.participant_id].append(wish)
    counts = wish_counts([wish.seat_id for found in wishes.values() for wish in found])
    return {result.pk: [_facts(wish, result, counts) for wish in wishes[result.participant_id]] for result in results}


def _facts(wish: Wish, result: Result, counts: Mapping[int, int]) -> WishFacts:
    wished = counts.get(wish.seat_id, 0)
    kind = result.kinds[wish.rank - 1] if wish.rank <= len(result.kinds) else ""
    if result.is_adjusted:
        kind = ""
    return WishFacts(
        rank=wish.rank,
        title=wish.seat.period.offer.title,
        organisation=wish.seat.period.offer.organisation.name,
        kind=kind,
        seats=wish.seat.seats,
        wished=wished if wished >= FEWEST_SHOWN else None,
        lot=result.lot,
    )


def summary_of(result: Result, facts: Sequence[WishFacts]) -> str:
    """The one sentence of the message, in the active language."""
    by_person = result.is_adjusted or (result.kinds[:1] == "k" and result.rank is None)
    return summary(result.rank, facts, is_placed=result.seat_id is not None, by_person=by_person)
