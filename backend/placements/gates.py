"""What must be true before a match becomes a placement: age and risks, consent, risk assessment, dates.

One list, shown to the coordinator beside each match and checked again when it is approved.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from backend.placements.models import Match
from backend.reference.enums import AgeClass, Verdict
from backend.reference.selectors import form_on
from backend.reference.work_rules import age_class, verdict
from backend.students.selectors import consent_is_missing

RISK_ASSESSMENT_VALID = timedelta(days=365)


@dataclass(frozen=True)
class Gate:
    """One condition. A blocking one that is not open refuses the approval; the others are to be minded."""

    code: str
    text: "str | Promise"
    is_open: bool
    is_blocking: bool


def gates_of(match: Match) -> list[Gate]:
    """Every condition that applies to this match, in the order a coordinator reads them."""
    student, offer = match.student, match.period.offer
    form = form_on(offer.form_id, match.start)
    who = age_class(student.birth_date, match.start, student.has_finished_compulsory_school)
    found = [_age_gate(match, who)]
    if form.requires_guardian_consent and consent_is_missing(student):
        found.append(
            Gate("consent_missing", _("A guardian has not given consent yet"), is_open=False, is_blocking=True)
        )
    if form.requires_risk_assessment and who != AgeClass.ADULT:
        made = offer.risk_assessed_on
        valid = made is not None and match.start - made <= RISK_ASSESSMENT_VALID
        found.append(
            Gate(
                "risk_assessment",
                _("Risk assessment is up to date") if valid else _("Risk assessment is missing or older than a year"),
                is_open=valid,
                is_blocking=False,
            )
        )
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


def _age_gate(match: Match, who: AgeClass) -> Gate:
    hazards = [hazard.pk for hazard in match.period.offer.hazards.all()]
    judged = verdict(hazards, who, match.period.offer.form_id, match.start)
    if judged == Verdict.FORBIDDEN:
        return Gate("work_forbidden", _("The work is not allowed at this age"), is_open=False, is_blocking=True)
    if judged == Verdict.SUPERVISED:
        return Gate("work_supervised", _("The work needs a supervisor at hand"), is_open=False, is_blocking=False)
    return Gate("work_allowed", _("The work is allowed at this age"), is_open=True, is_blocking=True)
