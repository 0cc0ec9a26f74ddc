"""Organisations and their workplaces, as far as everyone may know of them."""

from dataclasses import replace
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.policies import is_coordinator, is_network_office
from backend.api.conditional import require_match
from backend.api.schema import operation
from backend.api.serializers import (
    Answer,
    ChangeSerializer,
    CodeName,
    MunicipalityCode,
    OptionalUrl,
    PageQuery,
    StrictSerializer,
)
from backend.api.v1.offer_shapes import MAX_ID
from backend.api.v1.shapes import Brief, WorkplaceBrief, render
from backend.api.views import ReferenceView
from backend.offers.models import Offer
from backend.organisations.enums import OrganisationKind
from backend.organisations.models import Organisation, Workplace
from backend.organisations.profile import (
    LONGEST_ABOUT,
    LONGEST_WEBSITE,
    OrganisationDetails,
    update_organisation,
)
from backend.organisations.services import (
    LONGEST_NAME,
    LONGEST_OF_WORKPLACE,
    WorkplaceDetails,
    register_organisation,
    save_workplace,
)
from backend.reference.enums import PositionSource
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
    position_source = serializers.ChoiceField(PositionSource.choices, help_text="How well the point is known.")


class OrganisationQuery(PageQuery):
    q = serializers.CharField(required=False, max_length=80, help_text="Part of the name.")
    municipality = MunicipalityCode(required=False)
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


class OrganisationInput(StrictSerializer):
    name = serializers.CharField(max_length=LONGEST_NAME)
    registration_number = serializers.CharField(max_length=20, help_text="The Swedish organisation number.")
    municipality = MunicipalityCode()
    kind = serializers.ChoiceField(OrganisationKind.values, required=False, default=OrganisationKind.COMPANY)
    about = serializers.CharField(required=False, default="", allow_blank=True, max_length=1500)
    website = OptionalUrl()


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

    @operation(
        "organisations_create",
        "Register an organisation",
        tag=TAG,
        body=OrganisationInput,
        answer=OrganisationAnswer,
        status=201,
    )
    def post(self, request: Request) -> Response:
        """The one you work for. You become its owner."""
        data = self.parse(OrganisationInput)
        code = data.pop("municipality")
        made = register_organisation(actor=self.person, municipality_code=code, **data)
        return Response(OrganisationAnswer(made).data, status=201)


class OrganisationChange(ChangeSerializer):
    """What is left out stays. A number that is known cannot be changed."""

    answer = OrganisationAnswer

    name = serializers.CharField(required=False, max_length=LONGEST_NAME)
    about = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST_ABOUT)
    website = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST_WEBSITE)
    registration_number = serializers.CharField(
        required=False, max_length=20, help_text="Only where none is known yet; by an owner."
    )


class OneOrganisation(OrganisationView):
    scopes = {"PATCH": Scope.OFFERS_WRITE}

    def readable(self, organisation_id: int) -> Organisation:
        rows = Organisation.objects.filter(self.visible({"own": False}, "pk"))
        return self.get_or_404(rows.select_related("municipality").distinct(), organisation_id)

    @operation("organisations_read", "Read an organisation", tag=TAG, answer=OrganisationAnswer)
    def get(self, request: Request, organisation_id: int) -> Response:
        """One with published places, or your own."""
        return Response(OrganisationAnswer(self.readable(organisation_id)).data)

    @operation(
        "organisations_change",
        "Change an organisation",
        tag=TAG,
        body=OrganisationChange,
        answer=OrganisationAnswer,
    )
    def patch(self, request: Request, organisation_id: int) -> Response:
        """One of yours: what it says of itself."""
        data = self.parse(OrganisationChange)
        with transaction.atomic():
            Organisation.objects.select_for_update().filter(pk=organisation_id).first()
            known = self.readable(organisation_id)
            self.principal.require_own(known.pk)
            require_match(request, OrganisationAnswer(known).data)
            before = OrganisationDetails(known.name, known.about, known.website)
            update_organisation(actor=self.person, organisation_id=known.pk, details=replace(before, **data))
        return Response(OrganisationAnswer(self.readable(organisation_id)).data)


class WorkplaceChange(ChangeSerializer):
    """What is left out stays. Without a position it follows from postcode, town or municipality, unless one was set."""

    answer = WorkplaceAnswer

    name = serializers.CharField(required=False, max_length=LONGEST_OF_WORKPLACE["name"])
    municipality = MunicipalityCode(required=False)
    address = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST_OF_WORKPLACE["address"])
    postcode = serializers.CharField(required=False, allow_blank=True, max_length=10)
    city = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST_OF_WORKPLACE["city"])
    lat = serializers.FloatField(required=False, allow_null=True, help_text="Degrees, WGS 84.")
    lon = serializers.FloatField(required=False, allow_null=True)


class WorkplaceInput(WorkplaceChange):
    organisation = serializers.IntegerField(min_value=1, max_value=MAX_ID, help_text="One of yours.")
    name = serializers.CharField(max_length=LONGEST_OF_WORKPLACE["name"])
    municipality = MunicipalityCode()


def _workplace_details(data: dict[str, Any], before: WorkplaceDetails) -> WorkplaceDetails:
    given = dict(data)
    if "municipality" in given:
        given["municipality_code"] = given.pop("municipality")
    return replace(before, **given)


class Workplaces(OrganisationView):
    scopes = {"POST": Scope.OFFERS_WRITE}

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

    @operation("workplaces_create", "Add a workplace", tag=TAG, body=WorkplaceInput, answer=WorkplaceAnswer, status=201)
    def post(self, request: Request) -> Response:
        """Where places of your organisation can be."""
        data = self.parse(WorkplaceInput)
        organisation_id = data.pop("organisation")
        self.principal.require_own(organisation_id)
        organisation = self.get_or_404(Organisation.objects.filter(memberships__user=self.person), organisation_id)
        details = _workplace_details(data, WorkplaceDetails(name=""))
        made = save_workplace(actor=self.person, organisation=organisation, details=details)
        return self.created(WorkplaceAnswer(made).data, "workplace", made.pk)


class OneWorkplace(OrganisationView):
    scopes = {"PATCH": Scope.OFFERS_WRITE}

    def readable(self, workplace_id: int) -> Workplace:
        rows = Workplace.objects.filter(self.visible({"own": False}, "organisation"))
        return self.get_or_404(rows.select_related("organisation", "municipality").distinct(), workplace_id)

    @operation("workplaces_read", "Read a workplace", tag=TAG, answer=WorkplaceAnswer)
    def get(self, request: Request, workplace_id: int) -> Response:
        """A site of an organisation with published places, or of your own."""
        return Response(WorkplaceAnswer(self.readable(workplace_id)).data)

    @operation("workplaces_change", "Change a workplace", tag=TAG, body=WorkplaceChange, answer=WorkplaceAnswer)
    def patch(self, request: Request, workplace_id: int) -> Response:
        """One of your organisation's."""
        data = self.parse(WorkplaceChange)
        with transaction.atomic():
            Workplace.objects.select_for_update().filter(pk=workplace_id).first()
            workplace = self.readable(workplace_id)
            self.principal.require_own(workplace.organisation_id)
            require_match(request, WorkplaceAnswer(workplace).data)
            before = WorkplaceDetails(
                workplace.name,
                workplace.municipality_id or "",
                workplace.address,
                workplace.postcode,
                workplace.city,
            )
            details = _workplace_details(data, before)
            save_workplace(actor=self.person, organisation=workplace.organisation, details=details, workplace=workplace)
        return Response(WorkplaceAnswer(self.readable(workplace_id)).data)
