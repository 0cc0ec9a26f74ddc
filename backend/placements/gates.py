"""What must be true before a match becomes a placement: dates, age and risks, consent, risk assessment.

One list, shown to the coordinator beside each match and checked again when it is approved.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from backend.common import clock
from backend.offers.facts import facts_of, is_worth_asking
from backend.offers.timing import is_in_weeks, last_moment, weeks_text
from backend.organisations.confirmation import unconfirmed_text
from backend.placements.models import Match
from backend.reference.enums import AgeClass, DefaultDocument, Verdict
from backend.reference.models import PlacementFormVersion
from backend.reference.work_rules import Rule, age_class, is_age_taken, judge_class, rules_in_force
from backend.students.models import GuardianConsent
from backend.students.policies import is_minor

RISK_ASSESSMENT_VALID = timedelta(days=365)


@dataclass(frozen=True)
class Gate:
    """One condition. A blocking one that is not open refuses the approval; the others are to be minded."""

    code: str
    text: "str | Promise"
    is_open: bool
    is_blocking: bool


def gates_of(match: Match) -> list[Gate]:
    """Every condition that applies to one match."""
    return gates_for([match])[match.pk]


def gates_for(matches: Sequence[Match]) -> dict[int, list[Gate]]:
    """The gates of many matches, by match id, in the order a coordinator reads them. Four queries for all of them."""
    if not matches:
        return {}
    versions: dict[str, list[PlacementFormVersion]] = defaultdict(list)
    forms = {match.period.offer.form_id for match in matches}
    for version in PlacementFormVersion.objects.filter(form__in=forms):
        versions[version.form_id].append(version)
    hazards = {match.pk: [hazard.pk for hazard in match.period.offer.hazards.all()] for match in matches}
    rules = rules_in_force({code for codes in hazards.values() for code in codes}, max(m.start for m in matches))
    consents = GuardianConsent.objects.filter(
        guardianship__student__in={match.student_id for match in matches}, withdrawn_at__isnull=True
    )
    said_yes: dict[int, list[str]] = defaultdict(list)
    for student_id, how in consents.values_list("guardianship__student", "guardianship__confirmation"):
        said_yes[student_id].append(how)
    return {
        match.pk: _gates(
            match,
            _version_on(versions[match.period.offer.form_id], match.start),
            hazards[match.pk],
            rules,
            said_yes=said_yes[match.student_id],
        )
        for match in matches
    }


def _version_on(versions: Iterable[PlacementFormVersion], on: date) -> PlacementFormVersion | None:
    return next((v for v in versions if v.valid_from <= on and (v.valid_to is None or on <= v.valid_to)), None)


def _gates(
    match: Match,
    form: PlacementFormVersion | None,
    hazards: Sequence[str],
    rules: Sequence[Rule],
    *,
    said_yes: Sequence[str],
) -> list[Gate]:
    student, offer = match.student, match.period.offer
    if form is None:
        return [Gate("form_not_in_use", _("The form is not in use on these dates"), is_open=False, is_blocking=True)]
    who = age_class(student.birth_date, match.start, student.has_finished_compulsory_school)
    judged = judge_class(form, rules, hazards, who, match.start)
    age = (
        _age_gate(judged)
        if is_age_taken(form, student.birth_date, match.start)
        else Gate("age_not_taken", ages_text(form), is_open=False, is_blocking=True)
    )
    found = [*_time_gates(match, form), *_agreement_gates(match), age]
    if form.requires_guardian_consent and is_minor(student) and not any(said_yes):
        found.append(_consent_gate(said_yes))
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
    if not offer.organisation.is_confirmed:
        text = unconfirmed_text(offer.organisation)
        found.append(Gate("organisation_unconfirmed", text, is_open=False, is_blocking=False))
    if document := _document_gate(form):
        found.append(document)
    return found


def _document_gate(form: PlacementFormVersion) -> Gate | None:
    """What is written between those concerned before the first day; nothing where the form names no document."""
    if form.default_document == DefaultDocument.NONE:
        return None
    name = DefaultDocument(form.default_document).label
    text = (
        _("Has to be signed before the first day: %(document)s")
        if form.requires_contract
        else _("Belongs to the placement, before the first day: %(document)s")
    )
    # What has to be signed is to be minded; what merely belongs to it should keep nobody from approving many at once.
    return Gate("document", text % {"document": name}, is_open=not form.requires_contract, is_blocking=False)


def ages_text(form: PlacementFormVersion) -> str:
    """Whom the form takes, as a sentence."""
    words = {"first": form.min_age, "last": form.max_age}
    if form.max_age is None:
        return _("This form takes those who turn %(first)d or more in the year it begins") % words
    if form.min_age is None:
        return _("This form takes those who turn %(last)d at most in the year it begins") % words
    return _("This form takes those who turn %(first)d to %(last)d in the year it begins") % words


def _consent_gate(said_yes: Sequence[str]) -> Gate:
    """What is missing while no confirmed guardian has said yes. said_yes: how those who have are known, "" = not at all."""
    if said_yes:
        text = _("Somebody whom the student has named as guardian has said yes, and nobody has confirmed who that is")
        return Gate("guardian_unconfirmed", text, is_open=False, is_blocking=True)
    return Gate("consent_missing", _("A guardian has not given consent yet"), is_open=False, is_blocking=True)


def _time_gates(match: Match, form: PlacementFormVersion) -> list[Gate]:
    """What the calendar says: nothing as long as there is time."""
    if match.end < clock.today():
        return [Gate("period_ended", _("The last day has already passed"), is_open=False, is_blocking=True)]
    if not is_in_weeks(form, match.start, match.end):
        return [Gate("outside_weeks", weeks_text(form), is_open=False, is_blocking=True)]
    if clock.now() > last_moment(match.start, match.end, form):
        text = _("The first day has already been, and this form has everything settled before it")
        return [Gate("period_begun", text, is_open=False, is_blocking=False)]
    return []


def _agreement_gates(match: Match) -> list[Gate]:
    """Whether the place is still what the student said yes to. Risks are prefetched with the match."""
    if not is_worth_asking(match.agreed, facts_of(match.period)):
        return []
    text = _("The place was changed after the student said yes, and the student has not said whether it still fits")
    return [Gate("change_unanswered", text, is_open=False, is_blocking=True)]


def _age_gate(judged: Verdict) -> Gate:
    if judged == Verdict.FORBIDDEN:
        return Gate("work_forbidden", _("The work is not allowed at this age"), is_open=False, is_blocking=True)
    if judged == Verdict.SUPERVISED:
        return Gate("work_supervised", _("The work needs a supervisor at hand"), is_open=False, is_blocking=False)
    return Gate("work_allowed", _("The work is allowed at this age"), is_open=True, is_blocking=True)
