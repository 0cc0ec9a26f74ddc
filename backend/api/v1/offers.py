"""Offers: search, write, review, publish, pause, close."""

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.models import User
from backend.api.conditional import require_match
from backend.api.principals import Principal
from backend.api.schema import operation
from backend.api.serializers import Answer, NoBody, StrictSerializer
from backend.api.v1.offer_search import OfferQuery, offers_at_work, search_from
from backend.api.v1.offer_shapes import (
    MAX_PERIODS,
    OfferAnswer,
    OfferChange,
    OfferDetail,
    OfferInput,
    PeriodInput,
    details_from,
    details_of,
    load_in_brief,
    offer_detail,
    periods_from,
    periods_of,
)
from backend.api.v1.shapes import PeriodAnswer, render
from backend.api.views import ApiView, bad_cursor
from backend.common.errors import Invalid, NotAllowed
from backend.offers import policies, services
from backend.offers.enums import OfferState
from backend.offers.models import Offer, OfferQuerySet
from backend.offers.search import find_page_of
from backend.organisations.models import Workplace
from backend.suggestions.selectors import count_students_suggested
from backend.tokens.enums import Scope

TAG = "Offers"
R, W = Scope.OFFERS_READ, Scope.OFFERS_WRITE


def visible_offers(principal: Principal, user: User | None) -> OfferQuerySet:
    """What the caller may know of: published places, and the others of those `user` works with."""
    rows = Offer.objects.visible_to(user).for_lists().prefetch_related("hazards")
    if principal.organisation_id is None:
        return rows
    return rows.filter(Q(state=OfferState.PUBLISHED) | Q(organisation=principal.organisation_id))


class OfferView(ApiView):
    """What the resources of one offer share."""

    def readable(self, offer_id: int) -> Offer:
        return self.get_or_404(visible_offers(self.principal, self.principal.reader(R)), offer_id)

    def workable(self, offer_id: int) -> Offer:
        """The offer a command is about to change; whether it may is the command's to say."""
        offer = self.get_or_404(visible_offers(self.principal, self.principal.user), offer_id)
        self.principal.require_own(offer.organisation_id)
        return offer

    def answer(self, offer_id: int, status: int = 200) -> Response:
        offer = visible_offers(self.principal, self.principal.user).get(pk=offer_id)
        return Response(offer_detail(self.principal, offer), status=status)


class Offers(OfferView):
    public_methods = frozenset({"GET"})
    scopes = {"POST": W}

    @operation("offers_list", "Search for places", tag=TAG, query=OfferQuery, answer=OfferAnswer, page=True)
    def get(self, request: Request) -> Response:
        """The search of the site with all its filters, open to everyone; or the places you work with."""
        asked = self.query(OfferQuery)
        if asked["list"] == "open":
            return self._search(asked)
        if self.principal.user is None:
            self.permission_denied(request)
        rows, keys = offers_at_work(self.principal, asked)
        return self.page(rows, keys, asked, lambda found: render(OfferAnswer, found))

    def _search(self, asked: dict[str, Any]) -> Response:
        cursor = asked.get("cursor", "")
        page = find_page_of(load_in_brief, search_from(self.principal, asked), cursor, size=asked["limit"])
        if cursor and page.first == 1:  # the search begins anew with a cursor that it did not make
            raise bad_cursor()
        return self.page_response(page.rows, page.next)

    @operation("offers_create", "Write a place", tag=TAG, body=OfferInput, answer=OfferDetail, status=201)
    def post(self, request: Request) -> Response:
        """A draft of the workplace's organisation. Submit it when it is ready."""
        data = self.parse(OfferInput)
        workplace = Workplace.objects.select_related("organisation").filter(pk=data["workplace"]).first()
        if workplace is None:
            raise Invalid(
                "offer.unknown_workplace", _("Choose one of the organisation's workplaces."), field="workplace"
            )
        self.principal.require_own(workplace.organisation_id)
        offer = services.create_offer(
            actor=self.person,
            organisation=workplace.organisation,
            details=details_from(data),
            periods=periods_from(data["periods"]),
        )
        body = self.answer(offer.pk).data
        return self.created(body, "offer", offer.pk)


class OneOffer(OfferView):
    public_methods = frozenset({"GET"})
    scopes = {"PATCH": W}

    @operation("offers_read", "Read a place", tag=TAG, answer=OfferDetail)
    def get(self, request: Request, offer_id: int) -> Response:
        """Published places are open to everyone."""
        return Response(offer_detail(self.principal, self.readable(offer_id)))

    @operation("offers_change", "Change a place", tag=TAG, body=OfferChange, answer=OfferDetail)
    def patch(self, request: Request, offer_id: int) -> Response:
        """What is left out stays. A published place whose approved facts change goes back to review."""
        data = self.parse(OfferChange)
        with transaction.atomic():
            Offer.objects.select_for_update().filter(pk=offer_id).first()
            offer = self.workable(offer_id)
            policies.require(policies.can_edit_offer(self.person, offer), self.person, offer)
            require_match(request, offer_detail(self.principal, offer))
            services.update_offer(
                actor=self.person,
                offer_id=offer_id,
                details=details_from(data, details_of(offer)),
                periods=periods_from(data["periods"]) if "periods" in data else periods_of(offer),
            )
            return self.answer(offer_id)


class Periods(OfferView):
    public_methods = frozenset({"GET"})
    scopes = {"POST": W}

    @operation("offers_periods_list", "Periods of a place", tag=TAG, answer=PeriodAnswer(many=True))
    def get(self, request: Request, offer_id: int) -> Response:
        """Dates and seats, the first day first. Never more than 60."""
        return Response(render(PeriodAnswer, self.readable(offer_id).periods.all()))

    @operation("offers_periods_create", "Add a period", tag=TAG, body=PeriodInput, answer=OfferDetail, status=201)
    def post(self, request: Request, offer_id: int) -> Response:
        """Further seats of a published place go to review first."""
        data = self.parse(PeriodInput)
        Offer.objects.select_for_update().filter(pk=offer_id).first()
        offer = self.workable(offer_id)
        periods = periods_of(offer)
        if len(periods) >= MAX_PERIODS:
            raise Invalid("period.too_many", _("A place has at most 60 periods."), field="periods")
        services.update_offer(
            actor=self.person, offer_id=offer_id, details=details_of(offer), periods=[*periods, *periods_from([data])]
        )
        return self.answer(offer_id, status=201)


class OfferAction(OfferView):
    """One transition of an offer."""

    command: Callable[..., Any]

    def act(self, offer_id: int, **words: Any) -> Response:
        self.workable(offer_id)
        type(self).command(actor=self.person, offer_id=offer_id, **words)
        return self.answer(offer_id)


class Submit(OfferAction):
    scopes = {"POST": W}
    command = staticmethod(services.submit_offer)

    @operation("offers_submit", "Submit a place", tag=TAG, body=NoBody, answer=OfferDetail)
    def post(self, request: Request, offer_id: int) -> Response:
        """Asks for review; a trusted organisation's place is published at once."""
        self.parse(NoBody)
        return self.act(offer_id)


class Publish(OfferAction):
    command = staticmethod(services.publish_offer)

    @operation("offers_publish", "Publish a place", tag=TAG, body=NoBody, answer=OfferDetail)
    def post(self, request: Request, offer_id: int) -> Response:
        """By a coordinator of the workplace's municipality."""
        self.parse(NoBody)
        return self.act(offer_id)


class ReasonInput(StrictSerializer):
    reason = serializers.CharField(max_length=2000, help_text="Is sent to those concerned.")


class SendBack(OfferAction):
    command = staticmethod(services.send_back_offer)

    @operation("offers_send_back", "Send a place back", tag=TAG, body=ReasonInput, answer=OfferDetail)
    def post(self, request: Request, offer_id: int) -> Response:
        """A coordinator asks for changes and says which."""
        return self.act(offer_id, **self.parse(ReasonInput))


class Pause(OfferAction):
    scopes = {"POST": W}
    command = staticmethod(services.pause_offer)

    @operation("offers_pause", "Pause a place", tag=TAG, body=NoBody, answer=OfferDetail)
    def post(self, request: Request, offer_id: int) -> Response:
        """No new applications for a while; those who applied keep their place."""
        self.parse(NoBody)
        return self.act(offer_id)


class Resume(OfferAction):
    scopes = {"POST": W}
    command = staticmethod(services.resume_offer)

    @operation("offers_resume", "Resume a place", tag=TAG, body=NoBody, answer=OfferDetail)
    def post(self, request: Request, offer_id: int) -> Response:
        """Takes applications again."""
        self.parse(NoBody)
        return self.act(offer_id)


class Close(OfferAction):
    scopes = {"POST": W}
    command = staticmethod(services.close_offer)

    @operation("offers_close", "Close a place", tag=TAG, body=NoBody, answer=OfferDetail)
    def post(self, request: Request, offer_id: int) -> Response:
        """For good. Applicants without an answer are told."""
        self.parse(NoBody)
        return self.act(offer_id)


class Copy(OfferView):
    scopes = {"POST": W}

    @operation("offers_copy", "Copy a place", tag=TAG, body=NoBody, answer=OfferDetail, status=201)
    def post(self, request: Request, offer_id: int) -> Response:
        """An earlier place as a new draft: the same texts, each period in the same weeks of the next year ahead."""
        self.parse(NoBody)
        self.workable(offer_id)
        made = services.copy_offer(actor=self.person, offer_id=offer_id)
        return self.created(self.answer(made.pk).data, "offer", made.pk)


class UndoPublication(OfferAction):
    command = staticmethod(services.undo_offer_publication)

    @operation("offers_undo_publication", "Undo a publication", tag=TAG, body=NoBody, answer=OfferDetail)
    def post(self, request: Request, offer_id: int) -> Response:
        """By the coordinator, while the municipality's time to undo lasts and nobody has applied."""
        self.parse(NoBody)
        return self.act(offer_id)


class UndoSendBack(OfferAction):
    command = staticmethod(services.undo_send_back)

    @operation("offers_undo_send_back", "Undo a sending back", tag=TAG, body=NoBody, answer=OfferDetail)
    def post(self, request: Request, offer_id: int) -> Response:
        """By the coordinator, while the time to undo lasts and nobody has begun to change the place."""
        self.parse(NoBody)
        return self.act(offer_id)


class Count(Answer):
    count = serializers.IntegerField(allow_null=True, help_text="Null: fewer than five.")


class SuggestedStudents(OfferView):
    scopes = {"GET": R}

    @operation("offers_suggested_students_count", "Students the place fits", tag=TAG, answer=Count)
    def get(self, request: Request, offer_id: int) -> Response:
        """How many; no names, since nobody is exposed who has not applied."""
        offer = self.readable(offer_id)
        self.principal.require_own(offer.organisation_id)
        if not (policies.can_edit_offer(self.person, offer) or policies.can_review_offer(self.person, offer)):
            raise NotAllowed("offer.not_allowed", _("You may read this place but not change it."))
        return Response({"count": count_students_suggested(offer)})
