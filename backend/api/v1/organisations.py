"""Organisations and their workplaces, as far as everyone may know of them."""

from django.db.models import Exists, OuterRef, Q
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.policies import is_coordinator, is_network_office
from backend.api.schema import operation
from backend.api.serializers import Answer, CodeName, PageQuery
from backend.api.v1.offer_shapes import MAX_ID
from backend.api.v1.shapes import Brief, WorkplaceBrief, render
from backend.api.views import ReferenceView
from backend.offers.models import Offer
from backend.organisations.enums import OrganisationKind
from backend.organisations.models import Organisation, Workplace
from backend.tokens.enums import Scope

TAG = "Organisations"


class OrganisationAnswer(Answer):
    """Without the organisation number: a sole trader's is a personal identity number."""

    id = serializers.IntegerField(source="pk")
    name = serializers.CharField()
    kind = serializers.ChoiceField(OrganisationKind.values)
    about = serializers.CharField()
    website = serializers.CharField()
    municipality = CodeName(allow_null=True)


class WorkplaceAnswer(WorkplaceBrief):
    organisation = Brief()
    address = serializers.CharField()
    postcode = serializers.CharField()
    lat = serializers.FloatField(allow_null=True, help_text="Degrees, WGS 84.")
    lon = serializers.FloatField(allow_null=True)


class OrganisationQuery(PageQuery):
    q = serializers.CharField(required=False, max_length=80, help_text="Part of the name.")
    municipality = serializers.CharField(required=False, max_length=4, help_text="Code of the municipality.")
    own = serializers.BooleanField(required=False, default=False, help_text="Only those you belong to.")


class WorkplaceQuery(OrganisationQuery):
    organisation = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)


class OrganisationView(ReferenceView):
    """Everyone knows of those that have published a place; members of their own; coordinators and the office of all."""

    def visible(self, asked: "dict[str, object]", path: str) -> Q:
        """The condition on rows whose organisation's id stands at `path` ("pk" or "organisation")."""
        user = self.principal.reader(Scope.OFFERS_READ)
        members = "memberships__user" if path == "pk" else "organisation__memberships__user"
        narrow = Q(**self.principal.only(path))
        own = Q(**{members: user}) & narrow if user is not None else Q(pk__in=[])
        if asked["own"]:
            return own
        if (
            user is not None
            and self.principal.organisation_id is None
            and (is_coordinator(user) or is_network_office(user))
        ):
            return Q()
        return own | Q(Exists(Offer.objects.published().filter(organisation=OuterRef(path))))


class Organisations(OrganisationView):
    @operation(
        "organisations_list", "Organisations", tag=TAG, query=OrganisationQuery, answer=OrganisationAnswer, page=True
    )
    def get(self, request: Request) -> Response:
        """Those with published places, and your own."""
        asked = self.query(OrganisationQuery)
        rows = Organisation.objects.filter(self.visible(asked, "pk")).select_related("municipality").distinct()
        if text := asked.get("q"):
            rows = rows.filter(name__icontains=text)
        if code := asked.get("municipality"):
            rows = rows.filter(municipality=code)
        return self.page(rows, ("name", "pk"), asked, lambda found: render(OrganisationAnswer, found))


class Workplaces(OrganisationView):
    @operation("workplaces_list", "Workplaces", tag=TAG, query=WorkplaceQuery, answer=WorkplaceAnswer, page=True)
    def get(self, request: Request) -> Response:
        """Sites of organisations with published places, and your own."""
        asked = self.query(WorkplaceQuery)
        rows = (
            Workplace.objects.filter(self.visible(asked, "organisation"))
            .select_related("organisation", "municipality")
            .distinct()
        )
        if text := asked.get("q"):
            rows = rows.filter(Q(name__icontains=text) | Q(organisation__name__icontains=text))
        if code := asked.get("municipality"):
            rows = rows.filter(municipality=code)
        if organisation := asked.get("organisation"):
            rows = rows.filter(organisation=organisation)
        return self.page(rows, ("name", "pk"), asked, lambda found: render(WorkplaceAnswer, found))
