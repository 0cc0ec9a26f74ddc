"""One decision on one screen: the facts, the two answers, and the way on to the next in the queue."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from backend.accounts.policies import is_coordinator
from backend.applications.selectors import applicants_known_to
from backend.common.errors import Conflict, DomainError, Invalid
from backend.common.weeks import ago
from backend.exchange.words import in_words
from backend.offers import services as offer_services
from backend.offers.enums import OfferState
from backend.offers.facts import approved_facts, changes_between
from backend.offers.models import Offer
from backend.offers.policies import can_edit_offer, can_review_offer, require
from backend.offers.queues import ON_A_SCREEN, history_of, list_offers_to_review, work_facts
from backend.offers.review import review_facts
from backend.organisations.models import Workplace
from backend.placements import services
from backend.placements.enums import MatchState
from backend.placements.gates import gates_for
from backend.placements.policies import can_decide_match
from backend.placements.selectors import get_match, list_matches_to_decide
from backend.reference.geo import distance_km
from backend.reference.work_rules import age_on
from backend.students.policies import is_minor
from backend.students.selectors import list_guardianships
from backend.web.access import coordinator, coordinator_or_network
from backend.web.coordinator_forms import ReasonForm
from backend.web.coordinator_queues import match_undo_rows, offer_undo_rows, undo_minutes_of
from backend.web.coordinator_rows import gate_lines, review_lines
from backend.web.employer import person
from backend.web.employer_offer_form import form_of_offer
from backend.web.form_errors import add_domain_error, shown_again
from backend.web.numbers import moment_in
from backend.web.versions import unchanged, watch


@dataclass(frozen=True)
class Neighbours:
    """Where a row stands in its queue. number from 1, 0 when it is not in it; next_pk, previous_pk empty at the ends."""

    number: int
    total: int
    next_pk: int | None
    previous_pk: int | None


def neighbours_of(queue: "QuerySet[Any]", key: str, row: Any) -> Neighbours:
    """The rows beside one in a queue ordered by (key, pk). At most four queries."""
    moment = getattr(row, key)
    if moment is None:
        return Neighbours(0, queue.count(), queue.values_list("pk", flat=True).first(), None)
    after = Q(**{f"{key}__gt": moment}) | Q(**{key: moment, "pk__gt": row.pk})
    before = Q(**{f"{key}__lt": moment}) | Q(**{key: moment, "pk__lt": row.pk})
    total, earlier = queue.count(), queue.filter(before).count()
    following = queue.filter(after).order_by(key, "pk").values_list("pk", flat=True).first()
    previous = queue.filter(before).order_by(f"-{key}", "-pk").values_list("pk", flat=True).first()
    is_in_it = queue.filter(pk=row.pk).exists()
    return Neighbours(earlier + 1 if is_in_it else 0, total, following, previous)


QUEUES = {"coordinator_match": "coordinator_matches", "coordinator_offer": "coordinator_offers"}


def _onwards(name: str, next_pk: int | None) -> HttpResponse:
    """To the next one that waits, else to the queue."""
    return redirect(name, next_pk) if next_pk else redirect(QUEUES[name])


@coordinator_or_network
@require_http_methods(["GET", "HEAD", "POST"])
def offer(request: HttpRequest, offer_id: int) -> HttpResponse:
    """Everything to decide with on one screen. POST `decision`: approve, or send_back with a reason."""
    user = person(request)
    found = get_object_or_404(Offer.objects.for_lists().prefetch_related("hazards"), pk=offer_id)
    require(can_review_offer(user, found), user, found)
    beside = neighbours_of(list_offers_to_review(user), "submitted_at", found)
    form = ReasonForm(request.POST if request.POST.get("decision") == "send_back" else None)
    if request.method == "POST":
        try:
            if request.POST.get("decision") == "approve":
                offer_services.publish_offer(
                    actor=user, offer_id=found.pk, seen=moment_in(request.POST.get("seen", ""))
                )
                messages.success(request, _("Published: %(title)s.") % {"title": found.title})
                return _onwards("coordinator_offer", beside.next_pk)
            if form.is_valid():
                offer_services.send_back_offer(actor=user, offer_id=found.pk, reason=form.cleaned_data["reason"])
                messages.success(request, _("Sent back: %(title)s.") % {"title": found.title})
                return _onwards("coordinator_offer", beside.next_pk)
        except Invalid as error:
            if form.is_bound:
                add_domain_error(form, error)
            else:
                messages.error(request, str(error.message))
                return redirect("coordinator_offer", found.pk)
        except Conflict as error:
            if form.is_bound:
                add_domain_error(form, error)
                return shown_again(request, form, request.path, status=error.status)
            messages.error(request, str(error.message))
            return redirect("coordinator_offer", found.pk)
    context = _offer_context(found, form) | {
        "changes": changes_between(found.approved, approved_facts(found)),
        "applied": applicants_known_to(user, found),
        "beside": beside,
        "can_edit": can_edit_offer(user, found) and found.state != OfferState.CLOSED,
        "undoable": offer_undo_rows(user),
    }
    return render(request, "pages/coordinator/offer.html", context, status=400 if form.errors else 200)


def _offer_context(found: Offer, form: ReasonForm) -> dict[str, Any]:
    return {
        "offer": found,
        "form": form,
        "facts": work_facts(list(found.hazards.all()), found.form_id),
        "lines": review_lines(found, review_facts([found])[found.pk]),
        "classes": [each.label for each in ON_A_SCREEN],
        "history": [
            {"text": in_words(each.action), "actor": each.actor, "reason": each.reason, "at": each.at}
            for each in history_of(found)
        ],
        "programmes": list(dict.fromkeys(each.name for each in found.programmes.all())),
        "is_waiting": found.state == OfferState.SUBMITTED,
        "waited": ago(found.submitted_at) if found.submitted_at else "",
    }


@coordinator
@require_http_methods(["GET", "HEAD", "POST"])
def edit_offer(request: HttpRequest, offer_id: int) -> HttpResponse:
    """A coordinator changes a place of the own municipality, with the organisation's own form; the organisation is told."""
    user = person(request)
    found = get_object_or_404(Offer.objects.for_lists().prefetch_related("hazards"), pk=offer_id)
    require(can_edit_offer(user, found), user, found)
    if found.state == OfferState.CLOSED:
        messages.info(request, _("The place is closed and can no longer be changed."))
        return redirect("coordinator_offer", found.pk)
    own = list(
        Workplace.objects.filter(organisation=found.organisation_id).select_related("organisation", "municipality")
    )
    made = form_of_offer(found.pk, own)
    form = watch(request, made(request.POST or None), made)
    if request.method == "POST" and form.is_valid():
        try:
            with unchanged(request, form, made, Offer.objects.filter(pk=found.pk)):
                offer_services.update_offer(
                    actor=user, offer_id=found.pk, details=form.details(), periods=form.periods()
                )
        except DomainError as error:
            add_domain_error(form, error)
        else:
            messages.success(request, _("Saved. %(organisation)s is told.") % {"organisation": found.organisation.name})
            return redirect("coordinator_offer", found.pk)
    context = {
        "form": form,
        "offer": found,
        "rows": form.period_rows(),
        "open_programmes": bool(form["programmes"].value()) or "programmes" in form.errors,
        "open_hazards": bool(form["hazards"].value()) or "hazards" in form.errors,
    }
    return render(request, "pages/coordinator/offer_edit.html", context, status=400 if form.errors else 200)


@coordinator_or_network
@require_http_methods(["GET", "HEAD", "POST"])
def match(request: HttpRequest, match_id: int) -> HttpResponse:
    """One match with all that decides it. POST says no, with a reason that both sides read."""
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if not form.is_bound or not form.is_valid():
        return _match_page(request, match_id, form)
    next_pk = _next_match(request, match_id)
    try:
        found = services.reject_match(actor=person(request), match_id=match_id, reason=form.cleaned_data["reason"])
    except Invalid as error:
        add_domain_error(form, error)
        return _match_page(request, match_id, form)
    except Conflict as error:
        add_domain_error(form, error)
        return shown_again(request, form, request.path, status=error.status)
    messages.success(
        request, _("Rejected. %(name)s and the organisation are told why.") % {"name": found.student.user.name}
    )
    return _onwards("coordinator_match", next_pk)


def _match_page(request: HttpRequest, match_id: int, form: ReasonForm) -> HttpResponse:
    user = person(request)
    found = get_match(user, match_id)
    if found is None or found.student.is_protected:
        raise Http404
    offer, student = found.period.offer, found.student
    lines = gate_lines(gates_for([found])[found.pk])
    decides = can_decide_match(user, found)
    waits = found.state == MatchState.PROPOSED and decides
    site = offer.workplace
    distance = None
    if student.lat is not None and student.lon is not None and site.lat is not None and site.lon is not None:
        distance = round(distance_km(student.lat, student.lon, site.lat, site.lon))
    return render(
        request,
        "pages/coordinator/match.html",
        {
            "match": found,
            "offer": offer,
            "age": age_on(student.birth_date, found.start),
            "distance": distance,
            "gates": lines,
            "is_blocked": any(line.kind == "stop" for line in lines),
            "facts": work_facts(list(offer.hazards.all()), offer.form_id),
            "is_waiting": waits,
            "is_own_student": decides and is_coordinator(user) and found.deciding_municipality_id is not None,
            "guardians": list_guardianships(student) if waits and is_minor(student) else None,
            "beside": neighbours_of(list_matches_to_decide(user), "proposed_at", found),
            "undoable": match_undo_rows(user),
            "undo_minutes": undo_minutes_of({found.deciding_municipality_id}),
            "form": form,
        },
        status=400 if form.errors else 200,
    )


def _next_match(request: HttpRequest, match_id: int) -> int | None:
    """Found before the decision takes the match out of the queue."""
    user = person(request)
    found = get_match(user, match_id)
    return neighbours_of(list_matches_to_decide(user), "proposed_at", found).next_pk if found else None


@coordinator_or_network
@require_POST
def approve(request: HttpRequest, match_id: int) -> HttpResponse:
    next_pk = _next_match(request, match_id)
    try:
        placement = services.approve_match(actor=person(request), match_id=match_id)
    except DomainError as error:
        if error.status in {403, 404}:
            raise
        messages.error(request, str(error.message))
        return redirect("coordinator_match", match_id)
    messages.success(request, _("Approved: %(name)s has the place.") % {"name": placement.student.user.name})
    return _onwards("coordinator_match", next_pk)
