"""Questions of those who review offers: what waits, and what the risks of one mean for each age class."""

from collections.abc import Sequence
from dataclasses import dataclass

from backend.accounts.models import User
from backend.accounts.policies import acted_for
from backend.common import clock
from backend.common.models import LogEntry
from backend.offers.enums import OfferState
from backend.offers.models import Offer, OfferQuerySet
from backend.reference.enums import AgeClass, Verdict
from backend.reference.models import HazardFlag
from backend.reference.selectors import form_on
from backend.reference.work_rules import rules_in_force, strictest

ON_A_SCREEN = (AgeClass.CHILD, AgeClass.YOUTH, AgeClass.ADULT)


def list_offers_to_review(user: User) -> OfferQuerySet:
    """Submitted offers the user decides about, longest waiting first: those of the own municipalities, and for the
    network office those without one or without a coordinator.
    """
    mine = acted_for(user, "workplace__municipality")
    return Offer.objects.for_lists().filter(mine, state=OfferState.SUBMITTED).order_by("submitted_at", "pk")


@dataclass(frozen=True)
class HazardRow:
    """One risk and its verdicts in the order of ON_A_SCREEN."""

    hazard: HazardFlag
    verdicts: Sequence[Verdict]


@dataclass(frozen=True)
class WorkFacts:
    """Who may do the work of an offer. `excluded`: classes the form takes but a risk forbids."""

    rows: Sequence[HazardRow]
    total: Sequence[Verdict]
    excluded: Sequence[AgeClass]
    supervised: Sequence[AgeClass]


def work_facts(hazards: Sequence[HazardFlag], form: str) -> WorkFacts:
    """The verdicts of the risks in a form as of today, with two queries however many risks there are.

    Raises NotFound when the form is unknown or not in use.
    """
    today = clock.today()
    codes = [hazard.pk for hazard in hazards]
    rules = rules_in_force(codes, today)
    taken = {AgeClass(value) for value in form_on(form, today).allowed_age_classes}
    rows = [
        HazardRow(hazard, [strictest(rules, [hazard.pk], each, form, today) for each in ON_A_SCREEN])
        for hazard in hazards
    ]
    total = [strictest(rules, codes, each, form, today) for each in ON_A_SCREEN]
    judged = [(each, verdict) for each, verdict in zip(ON_A_SCREEN, total, strict=True) if each in taken]
    return WorkFacts(
        rows=rows,
        total=total,
        excluded=[each for each, verdict in judged if verdict == Verdict.FORBIDDEN],
        supervised=[each for each, verdict in judged if verdict == Verdict.SUPERVISED],
    )


def history_of(offer: Offer) -> list[LogEntry]:
    """Who did what to the offer, newest first."""
    return list(
        LogEntry.objects.filter(subject_type="offer", subject_id=offer.pk).select_related("actor").order_by("-id")[:30]
    )
