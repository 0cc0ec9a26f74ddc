"""What time does to rounds: they close, answers run out, and they end."""

from datetime import timedelta

from backend.common import clock
from backend.common.schedule import periodic
from backend.rounds import services
from backend.rounds.enums import ResultState, RoundState
from backend.rounds.models import Result, Round


@periodic("rounds.close", every=timedelta(minutes=1))
def close() -> int:
    due = Round.objects.filter(state=RoundState.OPEN, closes_at__lte=clock.now())
    return sum(services.close_overdue(round_id=pk) for pk in due.values_list("pk", flat=True))


@periodic("rounds.lapse_results", every=timedelta(minutes=1))
def lapse_results() -> int:
    due = Result.objects.filter(state=ResultState.OFFERED, answer_by__lte=clock.now()).order_by("pk")
    return sum(services.lapse_result(result_id=pk) for pk in due.values_list("pk", flat=True))


@periodic("rounds.end_fallen", every=timedelta(minutes=5))
def end_fallen() -> int:
    """Seats of matches that came to nothing after a yes go on in the round's order."""
    ids = list(services.fallen().order_by("pk").values_list("pk", flat=True))
    return sum(services.end_fallen_result(result_id=pk) for pk in ids)


@periodic("rounds.finish", every=timedelta(hours=1))
def finish() -> int:
    """Ends rounds whose weeks have begun, when nobody has an answer to give any more."""
    due = Round.objects.filter(state=RoundState.PUBLISHED, start__lte=clock.today()).exclude(
        pk__in=Result.objects.filter(publication__undone_at=None, state=ResultState.OFFERED).values(
            "publication__round"
        )
    )
    ids = list(due.values_list("pk", flat=True))
    for pk in ids:
        services.finish_round(actor=None, round_id=pk)
    return len(ids)
