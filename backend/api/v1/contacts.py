"""Whom one calls at an organisation and its workplaces: for its own people and those who act for its municipalities."""

from dataclasses import replace
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.contacts import LONGEST_EMAIL, LONGEST_NAME
from backend.accounts.phones import LONGEST_WRITTEN
from backend.api.conditional import require_match
from backend.api.schema import operation
from backend.api.serializers import Answer, ChangeSerializer, PageQuery
from backend.api.v1.offer_shapes import MAX_ID
from backend.api.v1.shapes import Brief, render
from backend.api.views import ApiView
from backend.organisations.models import ContactPerson, Organisation
from backend.organisations.profile import LONGEST_ROLE, ContactDetails, remove_contact, save_contact
from backend.organisations.selectors import list_contacts_kept_by, list_organisations_kept_by
from backend.tokens.enums import Scope

TAG = "Organisations"


class ContactAnswer(Answer):
    id = serializers.IntegerField(source="pk")
    organisation = Brief()
    workplace = Brief(allow_null=True, help_text="Null for the organisation as a whole.")
    name = serializers.CharField()
    role = serializers.CharField(help_text="What one does there, in free words.")
    phone = serializers.CharField(help_text="E.164; empty when not known.")
    email = serializers.CharField(help_text="Empty when not known.")


class ContactChange(ChangeSerializer):
    """What is left out stays. One of telephone and mail is needed."""

    answer = ContactAnswer

    name = serializers.CharField(required=False, max_length=LONGEST_NAME)
    role = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST_ROLE)
    phone = serializers.CharField(
        required=False, allow_blank=True, max_length=LONGEST_WRITTEN, help_text="As people write it: 0122-850 00."
    )
    email = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST_EMAIL)
    workplace = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=MAX_ID,
        help_text="One of the organisation's. Null: the organisation as a whole.",
    )


class ContactInput(ContactChange):
    name = serializers.CharField(max_length=LONGEST_NAME)


def _details(data: dict[str, Any], before: ContactDetails) -> ContactDetails:
    given = dict(data)
    if "workplace" in given:
        given["workplace_id"] = given.pop("workplace")
    return replace(before, **given)


class ContactView(ApiView):
    def kept(self) -> "QuerySet[ContactPerson]":
        rows = list_contacts_kept_by(self.person).filter(**self.principal.only("organisation"))
        return rows.select_related("organisation", "workplace")

    def kept_organisation(self, organisation_id: int) -> Organisation:
        rows = list_organisations_kept_by(self.person).filter(**self.principal.only("pk"))
        return self.get_or_404(rows, organisation_id)


class Contacts(ContactView):
    scopes = {"GET": Scope.OFFERS_READ, "POST": Scope.OFFERS_WRITE}

    @operation("contacts_list", "Contact persons", tag=TAG, query=PageQuery, answer=ContactAnswer, page=True)
    def get(self, request: Request, organisation_id: int) -> Response:
        """Whom one calls there. They are never public."""
        organisation = self.kept_organisation(organisation_id)
        rows = self.kept().filter(organisation=organisation)
        return self.page(rows, ("name", "pk"), self.query(PageQuery), lambda found: render(ContactAnswer, found))

    @operation("contacts_create", "Add a contact person", tag=TAG, body=ContactInput, answer=ContactAnswer, status=201)
    def post(self, request: Request, organisation_id: int) -> Response:
        """Somebody one can call, at the organisation or at one of its workplaces."""
        organisation = self.kept_organisation(organisation_id)
        details = _details(self.parse(ContactInput), ContactDetails(name=""))
        made = save_contact(actor=self.person, organisation_id=organisation.pk, details=details)
        return self.created(ContactAnswer(made).data, "contact", made.pk)


class OneContact(ContactView):
    scopes = {"GET": Scope.OFFERS_READ, "PATCH": Scope.OFFERS_WRITE, "DELETE": Scope.OFFERS_WRITE}

    @operation("contacts_read", "Read a contact person", tag=TAG, answer=ContactAnswer)
    def get(self, request: Request, contact_id: int) -> Response:
        """One whom you keep."""
        return Response(ContactAnswer(self.get_or_404(self.kept(), contact_id)).data)

    @operation("contacts_change", "Change a contact person", tag=TAG, body=ContactChange, answer=ContactAnswer)
    def patch(self, request: Request, contact_id: int) -> Response:
        """Name, role, telephone, mail and workplace."""
        data = self.parse(ContactChange)
        with transaction.atomic():
            owner = self.get_or_404(self.kept(), contact_id).organisation_id
            Organisation.objects.select_for_update().filter(pk=owner).first()
            known = self.get_or_404(self.kept(), contact_id)
            require_match(request, ContactAnswer(known).data)
            before = ContactDetails(known.name, known.role, known.email, known.phone, known.workplace_id)
            save_contact(actor=self.person, organisation_id=owner, details=_details(data, before), contact_id=known.pk)
        return Response(ContactAnswer(self.get_or_404(self.kept(), contact_id)).data)

    @operation("contacts_delete", "Remove a contact person", tag=TAG, status=204)
    def delete(self, request: Request, contact_id: int) -> Response:
        """Name and number are gone at once."""
        known = self.get_or_404(self.kept(), contact_id)
        remove_contact(actor=self.person, organisation_id=known.organisation_id, contact_id=known.pk)
        return Response(status=204)
