"""Questions about matches and placements."""

from datetime import date

from django.db.models import Q, QuerySet

from backend.accounts.models import User
from backend.accounts.policies import acted_for, protected_municipalities_of
from backend.common import clock
from backend.placements.enums import MatchState, PlacementState
from backend.placements.models import Match, Placement
from backend.placements.policies import matches_visible_to, placements_visible_to, role_in
from backend.students.models import Student

ROW = (
    "student__user",
    "student__programme",
    "student__municipality",
    "period__offer__organisation",
    "period__offer__workplace__municipality",
    "period__offer__form",
)


def has_place_between(student: Student, start: date, end: date) -> bool:
    """Whether the student has a placement, or a match that waits for its decision, on any of the days."""
    days = {"student": student, "start__lte": end, "end__gte": start}
    return (
        Placement.objects.filter(**days, state__in=[PlacementState.UPCOMING, PlacementState.ONGOING]).exists()
        or Match.objects.filter(**days, state=MatchState.PROPOSED).exists()
    )


def list_matches_to_decide(user: User) -> "QuerySet[Match]":
    """Matches that wait for the user's decision, longest waiting first."""
    mine = Match.objects.filter(acted_for(user, "deciding_municipality"))
    return (
        mine.filter(state=MatchState.PROPOSED, student__is_protected=False)
        .select_related(*ROW)
        .prefetch_related("period__offer__hazards")
        .order_by("proposed_at", "pk")
    )


def list_protected_matches(user: User) -> "QuerySet[Match]":
    """Matches of protected students that wait for the user, who has a grant; longest waiting first."""
    return (
        Match.objects.filter(
            state=MatchState.PROPOSED,
            student__is_protected=True,
            deciding_municipality__in=protected_municipalities_of(user),
        )
        .select_related(*ROW)
        .prefetch_related("period__offer__hazards")
        .order_by("proposed_at", "pk")
    )


def list_undoable_decisions(user: User) -> "QuerySet[Match]":
    """Decisions of the user's municipalities that can still be undone, newest first."""
    mine = Match.objects.filter(acted_for(user, "deciding_municipality"))
    return (
        mine.filter(undo_until__gt=clock.now(), student__is_protected=False)
        .select_related(*ROW, "decided_by")
        .order_by("-decided_at", "-pk")
    )


def get_match(user: User, match_id: int) -> Match | None:
    """The match when the user may see it, with everything a page shows."""
    return (
        Match.objects.filter(pk__in=matches_visible_to(user).values("pk"))
        .select_related(*ROW, "deciding_municipality", "decided_by")
        .prefetch_related("period__offer__hazards")
        .filter(pk=match_id)
        .first()
    )


def list_placements_coordinated_by(user: User) -> "QuerySet[Placement]":
    """Placements whose match the user's municipalities decided, or the network office where there is none."""
    mine = Placement.objects.filter(acted_for(user, "match__deciding_municipality"))
    return mine.filter(student__is_protected=False).select_related("match", *ROW)


def get_own_placement(user: User, placement_id: int) -> Placement | None:
    """A placement for those it is about: the student, a minor's guardian, the workplace. None for everybody else."""
    mine = (
        Q(student__user=user)
        | Q(student__guardianships__guardian=user)
        | Q(period__offer__organisation__memberships__user=user)
    )
    found = (
        Placement.objects.filter(mine, pk=placement_id)
        .select_related("match__deciding_municipality", *ROW)
        .distinct()
        .first()
    )
    return found if found is not None and role_in(user, found) else None


def search_placements(placements: "QuerySet[Placement]", text: str) -> "QuerySet[Placement]":
    """Those whose student, class or organisation holds the text; all for an empty one."""
    text = text.strip()
    if not text:
        return placements
    return placements.filter(
        Q(student__user__name__icontains=text)
        | Q(student__class_name__iexact=text)
        | Q(period__offer__organisation__name__icontains=text)
    )


def list_placements_at(user: User) -> "QuerySet[Placement]":
    """Placements at the user's organisations, those that come or go on first."""
    return (
        Placement.objects.filter(period__offer__organisation__memberships__user=user)
        .select_related(*ROW)
        .order_by("-end", "pk")
    )


def list_visible_matches(user: User) -> "QuerySet[Match]":
    """All the user may see, with what a list shows, in no order."""
    return (
        Match.objects.filter(pk__in=matches_visible_to(user).values("pk"))
        .select_related(*ROW, "deciding_municipality")
        .prefetch_related("period__offer__hazards")
    )


def list_visible_placements(user: User) -> "QuerySet[Placement]":
    """Those of the matches the user may see, in no order."""
    return placements_visible_to(user).select_related("match", *ROW)
