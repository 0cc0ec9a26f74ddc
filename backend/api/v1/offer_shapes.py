"""Offers as they are sent and received."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from backend.accounts.models import User
from backend.accounts.policies import is_network_office, municipalities_coordinated_by
from backend.api.principals import Principal
from backend.api.serializers import Answer, ChangeSerializer, CodeName, StrictSerializer
from backend.api.v1.shapes import Brief, PeriodAnswer, WorkplaceBrief
from backend.offers.details import MAX_SEATS, OfferDetails, PeriodDetails
from backend.offers.enums import OfferState
from backend.offers.models import Offer
from backend.offers.search import Found
from backend.offers.summaries import Named, OfferSummary, read_summaries
from backend.tokens.enums import Scope

MAX_PERIODS = 60
MAX_ID = 2**63 - 1


class OfferAnswer(Answer):
    """A place in a list."""

    id = serializers.IntegerField(source="pk")
    state = serializers.ChoiceField(OfferState.values)
    title = serializers.CharField()
    organisation = Brief()
    workplace = WorkplaceBrief()
    form = CodeName()
    occupation = CodeName(allow_null=True)
    programmes = CodeName(many=True, help_text="Whom it is for; none = everyone of the form.")
    skills = serializers.ListField(child=serializers.CharField())
    languages = serializers.ListField(child=serializers.CharField())
    apply_by = serializers.DateField(allow_null=True, help_text="The last day to apply, included.")
    is_remote = serializers.BooleanField()
    published_at = serializers.DateTimeField(allow_null=True)
    distance_km = serializers.SerializerMethodField(help_text="From `place`, when the search has one.")
    periods = PeriodAnswer(many=True)

    def get_distance_km(self, offer: Offer) -> float | None:
        distance: float | None = getattr(offer, "distance", None)
        return None if distance is None else round(distance, 1)


def load_in_brief(found: Sequence[Found]) -> list[dict[str, Any]]:
    """The rows of a page of the search, each as an OfferAnswer. One query."""
    distances = dict(found)
    zone = timezone.get_current_timezone()
    is_english = (get_language() or "").startswith("en")

    def coded(named: Named) -> dict[str, Any]:
        return {"code": named.code, "name": named.english if is_english and named.english else named.swedish}

    def in_brief(row: OfferSummary) -> dict[str, Any]:
        distance = distances[row.pk]
        pk, name = row.organisation
        site = row.site
        town = {"code": site.municipality_code, "name": site.municipality_name} if site.municipality_code else None
        return {
            "id": row.pk,
            "state": row.state,
            "title": row.title,
            "organisation": {"id": pk, "name": name},
            "workplace": {"id": site.pk, "name": site.name, "city": site.city, "municipality": town},
            "form": coded(row.form),
            "occupation": coded(row.occupation) if row.occupation else None,
            "programmes": [coded(programme) for programme in row.programmes],
            "skills": row.skills,
            "languages": row.languages,
            "apply_by": row.apply_by,
            "is_remote": row.is_remote,
            "published_at": _in_zone(row.published_at, zone),
            "distance_km": None if distance is None else round(distance, 1),
            "periods": [
                {"id": pk, "start": start, "end": end, "seats": seats, "free": free}
                for pk, start, end, seats, free in row.periods
            ],
        }

    return [in_brief(row) for row in read_summaries(list(distances))]


def _in_zone(moment: str | None, zone: tzinfo) -> str | None:
    return datetime.fromisoformat(moment).astimezone(zone).isoformat() if moment else None


class OfferInside(Answer):
    """What only those who write and review the place see."""

    supervisor_name = serializers.CharField()
    supervisor_email = serializers.CharField()
    supervisor_phone = serializers.CharField(help_text="E.164, such as `+4612285000`.")
    risk_assessed_on = serializers.DateField(allow_null=True)
    submitted_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    close_reason = serializers.CharField()
    sent_back_reason = serializers.CharField()


class OfferDetail(OfferAnswer):
    """A place with everything the caller may read."""

    tasks = serializers.CharField()
    requirements = serializers.CharField()
    hazards = CodeName(many=True, help_text="Risks at work.")
    inside = serializers.SerializerMethodField(help_text="Null for those who neither write nor review the place.")

    @extend_schema_field(OfferInside(allow_null=True))
    def get_inside(self, offer: Offer) -> Any:
        return OfferInside(offer).data if self.context["inside"] else None


class PeriodInput(StrictSerializer):
    start = serializers.DateField(help_text="The first day.")
    end = serializers.DateField(help_text="The last day, included.")
    seats = serializers.IntegerField(min_value=1, max_value=MAX_SEATS)


class PeriodChange(ChangeSerializer, PeriodInput):
    answer = PeriodAnswer
    id = serializers.IntegerField(
        required=False, min_value=1, max_value=MAX_ID, help_text="Of the period that is changed; none for a new one."
    )


def _codes(text: str) -> serializers.ListField:
    child = serializers.CharField(max_length=40)
    return serializers.ListField(child=child, required=False, max_length=50, help_text=text)


class OfferWords(StrictSerializer):
    """Everything but the periods. Codes are those of the reference lists."""

    workplace = serializers.IntegerField(min_value=1, max_value=MAX_ID, help_text="Id of an own workplace.")
    form = serializers.CharField(max_length=30)
    title = serializers.CharField(max_length=120)
    tasks = serializers.CharField(max_length=4000, help_text="What one does here.")
    occupation = serializers.CharField(required=False, allow_blank=True, max_length=4)
    programmes = _codes("Whom it is for; none = everyone of the form.")
    hazards = _codes("Risks at work.")
    requirements = serializers.CharField(required=False, allow_blank=True, max_length=2000)
    skills = _codes("Short words.")
    languages = _codes("Such as `sv`.")
    apply_by = serializers.DateField(required=False, allow_null=True, help_text="The last day to apply, included.")
    supervisor_name = serializers.CharField(required=False, allow_blank=True, max_length=120)
    supervisor_email = serializers.CharField(required=False, allow_blank=True, max_length=254)
    supervisor_phone = serializers.CharField(
        required=False, allow_blank=True, max_length=40, help_text="As people write it, or E.164."
    )
    risk_assessed_on = serializers.DateField(required=False, allow_null=True)
    is_remote = serializers.BooleanField(required=False)


class OfferInput(OfferWords):
    periods = PeriodInput(many=True, max_length=MAX_PERIODS, help_text="At least one.")  # type: ignore[call-arg]


class OfferChange(ChangeSerializer, OfferWords):
    """What is left out stays as it is. `periods` replaces the whole list; name the ids of those that stay."""

    answer = OfferDetail

    workplace = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)
    form = serializers.CharField(required=False, max_length=30)
    title = serializers.CharField(required=False, max_length=120)
    tasks = serializers.CharField(required=False, max_length=4000)
    periods = PeriodChange(many=True, required=False, max_length=MAX_PERIODS)  # type: ignore[call-arg]


def details_from(data: dict[str, Any], before: OfferDetails | None = None) -> OfferDetails:
    """The command's input from checked words; what is left out as it was."""
    given = {name: value for name, value in data.items() if name != "periods"}
    if "workplace" in given:
        given["workplace_id"] = given.pop("workplace")
    return replace(before, **given) if before else OfferDetails(**given)


def periods_from(rows: Iterable[dict[str, Any]]) -> list[PeriodDetails]:
    return [PeriodDetails(row["start"], row["end"], row["seats"], row.get("id")) for row in rows]


def details_of(offer: Offer) -> OfferDetails:
    """What the offer says now."""
    return OfferDetails(
        workplace_id=offer.workplace_id,
        form=offer.form_id,
        title=offer.title,
        tasks=offer.tasks,
        occupation=offer.occupation_id or "",
        programmes=[programme.pk for programme in offer.programmes.all()],
        hazards=[hazard.pk for hazard in offer.hazards.all()],
        requirements=offer.requirements,
        skills=offer.skills,
        languages=offer.languages,
        apply_by=offer.apply_by,
        supervisor_name=offer.supervisor_name,
        supervisor_email=offer.supervisor_email,
        supervisor_phone=offer.supervisor_phone,
        risk_assessed_on=offer.risk_assessed_on,
        is_remote=offer.is_remote,
    )


def periods_of(offer: Offer) -> list[PeriodDetails]:
    return [PeriodDetails(row.start, row.end, row.capacity, row.pk) for row in offer.periods.all()]


def offer_detail(principal: Principal, offer: Offer) -> Any:
    """The representation of an offer from `for_lists` for this caller."""
    return OfferDetail(offer, context={"inside": _is_inside(principal, offer)}).data


def _is_inside(principal: Principal, offer: Offer) -> bool:
    user: User | None = principal.user
    if user is None or not (principal.has(Scope.OFFERS_READ) or principal.has(Scope.OFFERS_WRITE)):
        return False
    if principal.organisation_id is not None:
        return offer.organisation_id == principal.organisation_id
    if is_network_office(user) or user.memberships.filter(organisation=offer.organisation_id).exists():
        return True
    return offer.municipality_code is not None and offer.municipality_code in municipalities_coordinated_by(user)
