"""Questions about matches and placements."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.accounts.policies import is_network_office, municipalities_coordinated_by
from backend.placements.enums import MatchState
from backend.placements.gates import RISK_ASSESSMENT_VALID, Gate
from backend.placements.models import Match, Placement
from backend.placements.policies import matches_visible_to
from backend.reference.enums import AgeClass, Verdict
from backend.reference.models import PlacementFormVersion
from backend.reference.work_rules import Rule, age_class, rules_in_force, strictest
from backend.students.models import GuardianConsent
from backend.students.policies import is_minor

ROW = (
    "student__user",
    "student__programme",
    "student__municipality",
    "period__offer__organisation",
    "period__offer__workplace__municipality",
    "period__offer__form",
)


def list_matches_to_decide(user: User) -> "QuerySet[Match]":
    """Matches that wait for the user's decision, longest waiting first."""
    mine = Match.objects.filter(deciding_municipality__in=municipalities_coordinated_by(user))
    if is_network_office(user):
        mine |= Match.objects.filter(deciding_municipality__isnull=True)
    return (
        mine.filter(state=MatchState.PROPOSED, student__is_protected=False)
        .select_related(*ROW)
        .prefetch_related("period__offer__hazards")
        .order_by("proposed_at", "pk")
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
    mine = Placement.objects.filter(match__deciding_municipality__in=municipalities_coordinated_by(user))
    if is_network_office(user):
        mine |= Placement.objects.filter(match__deciding_municipality__isnull=True)
    return mine.filter(student__is_protected=False).select_related("match", *ROW)


def list_placements_at(user: User) -> "QuerySet[Placement]":
    """Placements at the user's organisations, those that come or go on first."""
    return (
        Placement.objects.filter(period__offer__organisation__memberships__user=user)
        .select_related(*ROW)
        .order_by("-end", "pk")
    )


def gates_for(matches: Sequence[Match]) -> dict[int, list[Gate]]:
    """The gates of many matches, by match id: what `gates_of` says of each, with three queries for all of them.

    The approval itself asks `gates_of` under its lock; a test holds the two together.
    """
    if not matches:
        return {}
    versions: dict[str, list[PlacementFormVersion]] = defaultdict(list)
    forms = {match.period.offer.form_id for match in matches}
    for version in PlacementFormVersion.objects.filter(form__in=forms):
        versions[version.form_id].append(version)
    hazards = {match.pk: [hazard.pk for hazard in match.period.offer.hazards.all()] for match in matches}
    rules = rules_in_force({code for codes in hazards.values() for code in codes}, max(m.start for m in matches))
    consented = set(
        GuardianConsent.objects.filter(
            guardianship__student__in={match.student_id for match in matches}, withdrawn_at__isnull=True
        ).values_list("guardianship__student", flat=True)
    )
    return {
        match.pk: _gates(
            match,
            _version_on(versions[match.period.offer.form_id], match.start),
            hazards[match.pk],
            rules,
            has_consent=match.student_id in consented,
        )
        for match in matches
    }


def _version_on(versions: Iterable[PlacementFormVersion], on: date) -> PlacementFormVersion | None:
    return next((v for v in versions if v.valid_from <= on and (v.valid_to is None or on <= v.valid_to)), None)


def _gates(
    match: Match, form: PlacementFormVersion | None, hazards: Sequence[str], rules: Sequence[Rule], *, has_consent: bool
) -> list[Gate]:
    student, offer = match.student, match.period.offer
    if form is None:
        return [Gate("form_not_in_use", _("The form is not in use on these dates"), is_open=False, is_blocking=True)]
    who = age_class(student.birth_date, match.start, student.has_finished_compulsory_school)
    found = [_age_gate(strictest(rules, hazards, who, offer.form_id, match.start))]
    if form.requires_guardian_consent and is_minor(student) and not has_consent:
        found.append(
            Gate("consent_missing", _("A guardian has not given consent yet"), is_open=False, is_blocking=True)
        )
    if form.requires_risk_assessment and who != AgeClass.ADULT:
        made = offer.risk_assessed_on
        valid = made is not None and match.start - made <= RISK_ASSESSMENT_VALID
        text = _("Risk assessment is up to date") if valid else _("Risk assessment is missing or older than a year")
        found.append(Gate("risk_assessment", text, is_open=valid, is_blocking=False))
    if form.requires_register_extract:
        found.append(
            Gate(
                "register_extract",
                _("A register extract must be shown before the first day"),
                is_open=False,
                is_blocking=False,
            )
        )
    return found


def _age_gate(judged: Verdict) -> Gate:
    if judged == Verdict.FORBIDDEN:
        return Gate("work_forbidden", _("The work is not allowed at this age"), is_open=False, is_blocking=True)
    if judged == Verdict.SUPERVISED:
        return Gate("work_supervised", _("The work needs a supervisor at hand"), is_open=False, is_blocking=False)
    return Gate("work_allowed", _("The work is allowed at this age"), is_open=True, is_blocking=True)
