"""An application follows its match: what a coordinator decides, and undoes, is where the application stands."""

from django.db import transaction

from backend.applications.enums import ApplicationState
from backend.applications.models import Application
from backend.applications.services import _locked, _move, _release_overlapping
from backend.placements.enums import MatchState
from backend.placements.models import Match
from backend.students.models import Student

# From the application's state, towards the state its match is in. Two steps lead from one decision to the other.
FOLLOWING = {
    (ApplicationState.ACCEPTED, MatchState.APPROVED): "application.approved",
    (ApplicationState.ACCEPTED, MatchState.REJECTED): "application.rejected",
    (ApplicationState.APPROVED, MatchState.PROPOSED): "application.approval_undone",
    (ApplicationState.APPROVED, MatchState.REJECTED): "application.approval_undone",
    (ApplicationState.REJECTED, MatchState.PROPOSED): "application.rejection_undone",
    (ApplicationState.REJECTED, MatchState.APPROVED): "application.rejection_undone",
}


@transaction.atomic
def follow_match(*, match_id: int) -> None:
    """Brings the application where its match is now, whatever was decided and undone since. Asking twice changes nothing.

    The match is read, not the event: events may come late, and in another order.
    """
    found = Application.objects.filter(match=match_id).values_list("pk", "student").first()
    if found is None:
        return
    pk, student = found
    Student.objects.select_for_update(of=("self",)).get(pk=student)
    application = _locked(None, pk)
    state = Match.objects.values_list("state", flat=True).get(pk=match_id)
    while action := FOLLOWING.get((ApplicationState(application.state), MatchState(state))):
        if application.state == ApplicationState.REJECTED:
            # What the student asked for meanwhile makes way, as when a seat is accepted.
            _release_overlapping(application)
        _move(application, action, actor=None, data={"match": match_id})
