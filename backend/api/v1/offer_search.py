"""The questions a list of offers can be asked: the public search with its filters, and the lists of those who work with
offers."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from backend.accounts.models import User
from backend.accounts.policies import is_coordinator, is_network_office, municipalities_coordinated_by
from backend.api.principals import Principal
from backend.api.serializers import LONGEST_PLACE, MunicipalityCode, PageQuery
from backend.common.errors import Invalid, NotAllowed
from backend.offers.enums import OfferState
from backend.offers.models import Offer, OfferQuerySet
from backend.offers.queues import list_offers_to_review
from backend.offers.search import ORDERS, Search
from backend.reference.models import Municipality, OccupationField, PlacementForm, Programme
from backend.reference.places import Place, PlaceKind, find_places
from backend.suggestions.selectors import scores_for
from backend.tokens.enums import Scope

LISTS = ("open", "own", "municipality", "to_review")


def _codes(longest: int, text: str) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.CharField(max_length=longest), required=False, max_length=20, help_text=text
    )


class OfferQuery(PageQuery):
    """The filters of the search page. Each that is given must hold; a repeated one holds with any of its values."""

    list = serializers.ChoiceField(
        LISTS,
        required=False,
        default="open",
        help_text="`open`: the public search. `own`: of your organisations. `municipality`: of the municipalities you "
        "coordinate. `to_review`: those that wait for your review. The filters below are for `open`.",
    )
    state = serializers.ChoiceField(OfferState.values, required=False, help_text="For the lists that are not `open`.")
    q = serializers.CharField(required=False, max_length=80, help_text="Words that must all occur.")
    place = serializers.CharField(
        required=False,
        max_length=LONGEST_PLACE,
        help_text="Municipality to search in, by code or name, or a town or postcode to search around with `km`.",
    )
    km = serializers.IntegerField(
        required=False, min_value=1, max_value=2000, help_text="So far around `place` instead of in it."
    )
    municipality = serializers.ListField(
        child=MunicipalityCode(), required=False, max_length=20, help_text="Codes or names of municipalities."
    )
    form = _codes(30, "Codes of placement forms.")
    field = _codes(40, "Codes of fields of work, see `occupations/`.")
    programme = _codes(8, "Codes of programmes; places for everyone are found too.")
    month = serializers.ListField(
        child=serializers.RegexField(r"^[12][0-9]{3}-(0[1-9]|1[0-2])$"),
        required=False,
        max_length=12,
        help_text="Months in which a period has days: `2027-01`.",
    )
    free = serializers.BooleanField(required=False, default=False, help_text="Only with free seats.")
    order = serializers.ChoiceField(
        ORDERS,
        required=False,
        default="newest",
        help_text="`distance` needs a place. `fit`: how well the words fit, and your suggestions when you are a student.",
    )


def offers_at_work(principal: Principal, asked: dict[str, Any]) -> tuple[OfferQuerySet, Sequence[str]]:
    """The offers of a list that is not the public search, and the keys of their order. Raises NotAllowed."""
    user = principal.user
    assert user is not None
    if not principal.has(Scope.OFFERS_READ):
        raise NotAllowed(
            "token.scope_missing", _("The token was not made for this."), data={"scope": Scope.OFFERS_READ.value}
        )
    rows, keys = _of_work(user, principal, asked["list"])
    if state := asked.get("state"):
        rows = rows.filter(state=state)
    return rows, keys


def _of_work(user: User, principal: Principal, name: str) -> tuple[OfferQuerySet, Sequence[str]]:
    if name == "own":
        rows = Offer.objects.for_lists().filter(organisation__in=user.memberships.values("organisation"))
        return rows.filter(**principal.only("organisation")), ("-pk",)
    if principal.organisation_id is not None or not (is_coordinator(user) or is_network_office(user)):
        raise NotAllowed("search.not_coordinator", _("This list is for coordinators."))
    if name == "to_review":
        return list_offers_to_review(user), ("submitted_at", "pk")
    codes = municipalities_coordinated_by(user)
    return Offer.objects.visible_to(user).for_lists().filter(workplace__municipality__in=codes), ("-pk",)


def search_from(principal: Principal, asked: dict[str, Any]) -> Search:
    """The public search of a checked OfferQuery. Raises Invalid for codes that do not exist."""
    if asked.get("state", OfferState.PUBLISHED) != OfferState.PUBLISHED:
        raise Invalid("search.state", _("The open search finds published places only."), field="state")
    place = _place(asked)
    if asked["order"] == "distance" and place is None:
        raise Invalid("search.no_place", _("Choose a place to measure the distance from."), field="place")
    reader = principal.reader(Scope.PROFILE_READ)
    is_personal = asked["order"] == "fit" and reader is not None and hasattr(reader, "student")
    return Search(
        text=asked.get("q", ""),
        place=place,
        radius_km=asked.get("km"),
        forms=_known(PlacementForm, asked, "form"),
        municipalities=_known(Municipality, asked, "municipality"),
        fields=_known(OccupationField, asked, "field"),
        programmes=_known(Programme, asked, "programme"),
        months=tuple(date.fromisoformat(f"{month}-01") for month in asked.get("month", ())),
        only_free=asked["free"],
        order=asked["order"],
        scores=scores_for(reader.student.pk) if is_personal and reader is not None else (),
    )


def _place(asked: dict[str, Any]) -> Place | None:
    text = asked.get("place")
    if text is None:
        if "km" in asked:
            raise Invalid("search.no_place", _("Choose a place to measure the distance from."), field="place")
        return None
    found = [each for each in find_places(text) if not each.is_guess]
    best = [each for each in found if each.is_exact] or found
    if not best:
        raise Invalid("municipality.unknown", _("There is no municipality with this code."), field="place")
    if len(best) > 1 and best[0].kind is not PlaceKind.MUNICIPALITY:
        names = "; ".join(each.query for each in best)
        raise Invalid("search.several_places", _("There are several: %(names)s.") % {"names": names}, field="place")
    if best[0].kind is not PlaceKind.MUNICIPALITY and "km" not in asked:
        raise Invalid("search.no_radius", _("Say with km how far around the town."), field="km")
    return best[0]


def _known(model: type[Model], asked: dict[str, Any], name: str) -> tuple[str, ...]:
    codes = tuple(dict.fromkeys(asked.get(name, ())))
    known = set(model._default_manager.filter(pk__in=codes).values_list("pk", flat=True)) if codes else set()
    if unknown := sorted(set(codes) - known):
        raise Invalid("search.unknown_code", _("Choose from the list."), field=name, data={"codes": unknown[:5]})
    return codes
