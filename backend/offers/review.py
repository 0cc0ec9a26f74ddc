"""What a reviewer needs to know about many places at once, in a constant number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Q

from backend.accounts.models import User
from backend.accounts.policies import acted_for
from backend.common import clock
from backend.offers.enums import OfferState
from backend.offers.models import Offer, OfferQuerySet
from backend.organisations.models import TrustedOrganisation
from backend.reference.enums import AgeClass, Verdict
from backend.reference.models import PlacementFormVersion
from backend.reference.work_rules import rules_in_force, strictest

RISK_ASSESSMENT_VALID = timedelta(days=365)
MINORS = {AgeClass.UNDER_13, AgeClass.CHILD, AgeClass.YOUTH}


@dataclass(frozen=True)
class ReviewFacts:
    """excluded, supervised: age classes the form takes, by what the risks mean for them.

    needs_assessment: minors may come and no risk assessment of the last twelve months is dated.
    earlier: places of the organisation that were published before this one.
    """

    excluded: Sequence[AgeClass]
    supervised: Sequence[AgeClass]
    needs_assessment: bool
    earlier: int
    is_trusted: bool


def review_facts(offers: Sequence[Offer]) -> dict[int, ReviewFacts]:
    """By offer id. Four queries; the offers come with their hazards prefetched and their workplace joined."""
    today = clock.today()
    hazards = {offer.pk: [hazard.pk for hazard in offer.hazards.all()] for offer in offers}
    rules = rules_in_force({code for codes in hazards.values() for code in codes}, today)
    versions = {
        version.form_id: version
        for version in PlacementFormVersion.objects.valid_on(today).filter(form__in={offer.form_id for offer in offers})
    }
    organisations = {offer.organisation_id for offer in offers}
    published = Q(state__in=[OfferState.PUBLISHED, OfferState.PAUSED, OfferState.CLOSED], published_at__isnull=False)
    earlier = dict(
        Offer.objects.filter(published, organisation__in=organisations)
        .order_by()
        .values_list("organisation")
        .annotate(number=Count("pk"))
    )
    trusted = set(
        TrustedOrganisation.objects.filter(organisation__in=organisations).values_list("municipality", "organisation")
    )
    found = {}
    for offer in offers:
        version = versions.get(offer.form_id)
        taken = [AgeClass(value) for value in version.allowed_age_classes] if version else []
        verdicts = {each: strictest(rules, hazards[offer.pk], each, offer.form_id, today) for each in taken}
        assessed = offer.risk_assessed_on is not None and today - offer.risk_assessed_on <= RISK_ASSESSMENT_VALID
        found[offer.pk] = ReviewFacts(
            excluded=[each for each in taken if verdicts[each] == Verdict.FORBIDDEN],
            supervised=[each for each in taken if verdicts[each] == Verdict.SUPERVISED],
            needs_assessment=bool(version and version.requires_risk_assessment)
            and bool(MINORS.intersection(taken))
            and not assessed,
            earlier=earlier.get(offer.organisation_id, 0),
            is_trusted=(offer.municipality_code, offer.organisation_id) in trusted,
        )
    return found


def list_undoable_reviews(user: User) -> OfferQuerySet:
    """Publications and sendings back of the user's municipalities that can still be undone, newest first."""
    return (
        Offer.objects.filter(
            acted_for(user, "workplace__municipality"),
            undo_until__gt=clock.now(),
            state__in=[OfferState.PUBLISHED, OfferState.DRAFT],
        )
        .select_related("organisation", "workplace")
        .order_by("-undo_until", "-pk")
    )
