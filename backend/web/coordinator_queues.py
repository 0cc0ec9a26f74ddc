"""The two queues: places to review and matches to decide, each with the facts on one screen."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backend.common.errors import DomainError
from backend.offers import services as offer_services
from backend.offers.enums import OfferState
from backend.offers.models import Offer
from backend.offers.policies import can_review_offer, require
from backend.offers.queues import ON_A_SCREEN, history_of, list_offers_to_review, work_facts
from backend.placements import services
from backend.placements.enums import MatchState
from backend.placements.gates import gates_for
from backend.placements.policies import can_decide_match
from backend.placements.selectors import get_match, list_matches_to_decide
from backend.reference.work_rules import age_on
from backend.web.access import coordinator_or_network
from backend.web.coordinator_forms import ReasonForm
from backend.web.coordinator_rows import ago, gate_lines, match_rows
from backend.web.coordinator_words import in_words
from backend.web.cursors import page_of
from backend.web.employer import person
from backend.web.employer_rows import period_weeks
from backend.web.form_errors import add_domain_error

MOST_AT_ONCE = 100


@coordinator_or_network
@require_safe
def offers(request: HttpRequest) -> HttpResponse:
    """Places that wait for review, longest waiting first."""
    page = page_of(list_offers_to_review(person(request)), ("submitted_at", "pk"), request.GET.get("after", ""))
    rows = [
        {
            "pk": each.pk,
            "title": each.title,
            "organisation": each.organisation.name,
            "municipality": each.workplace.municipality.name if each.workplace.municipality else "",
            "form": each.form.name,
            "weeks": period_weeks(list(each.periods.all())),
            "seats": sum(period.capacity for period in each.periods.all()),
            "waited": ago(each.submitted_at),
        }
        for each in page.rows
    ]
    return render(request, "pages/coordinator/offers.html", {"rows": rows, "next_cursor": page.next_cursor})


@coordinator_or_network
@require_http_methods(["GET", "HEAD", "POST"])
def offer(request: HttpRequest, offer_id: int) -> HttpResponse:
    """Everything to decide with on one screen. POST `decision`: approve, or send_back with a reason."""
    user = person(request)
    found = get_object_or_404(Offer.objects.for_lists().prefetch_related("hazards"), pk=offer_id)
    require(can_review_offer(user, found), user, found)
    form = ReasonForm(request.POST if request.POST.get("decision") == "send_back" else None)
    if request.method == "POST":
        try:
            if request.POST.get("decision") == "approve":
                offer_services.publish_offer(actor=user, offer_id=found.pk)
                messages.success(request, _("Published: %(title)s.") % {"title": found.title})
                return redirect("coordinator_offers")
            if form.is_valid():
                offer_services.send_back_offer(actor=user, offer_id=found.pk, reason=form.cleaned_data["reason"])
                messages.success(request, _("Sent back: %(title)s.") % {"title": found.title})
                return redirect("coordinator_offers")
        except DomainError as error:
            if form.is_bound:
                add_domain_error(form, error)
            else:
                messages.error(request, str(error.message))
                return redirect("coordinator_offer", found.pk)
    return render(
        request, "pages/coordinator/offer.html", _offer_context(found, form), status=400 if form.errors else 200
    )


def _offer_context(found: Offer, form: ReasonForm) -> dict[str, Any]:
    facts = work_facts(list(found.hazards.all()), found.form_id)
    return {
        "offer": found,
        "form": form,
        "facts": facts,
        "classes": [each.label for each in ON_A_SCREEN],
        "history": [
            {"text": in_words(each.action), "actor": each.actor, "reason": each.reason, "at": each.at}
            for each in history_of(found)
        ],
        "programmes": list(dict.fromkeys(each.name for each in found.programmes.all())),
        "is_waiting": found.state == OfferState.SUBMITTED,
        "waited": ago(found.submitted_at) if found.submitted_at else "",
    }


@coordinator_or_network
@require_http_methods(["GET", "HEAD", "POST"])
def matches(request: HttpRequest) -> HttpResponse:
    """Matches that wait for a decision. POST approves the chosen ones, each on its own."""
    user = person(request)
    if request.method == "POST":
        _approve_chosen(request)
        return redirect("coordinator_matches")
    page = page_of(list_matches_to_decide(user), ("proposed_at", "pk"), request.GET.get("after", ""))
    return render(
        request, "pages/coordinator/matches.html", {"rows": match_rows(page.rows), "next_cursor": page.next_cursor}
    )


def _approve_chosen(request: HttpRequest) -> None:
    """Each approval is a transaction of its own: one that fails says why and does not hold up the others."""
    user = person(request)
    chosen = [
        int(text) for text in request.POST.getlist("match") if text.isascii() and text.isdigit() and len(text) < 19
    ]
    if not chosen:
        messages.warning(request, _("Choose at least one match."))
        return
    names = {match.pk: match.student.user.name for match in list_matches_to_decide(user).filter(pk__in=chosen)}
    approved = 0
    for pk in chosen[:MOST_AT_ONCE]:
        try:
            services.approve_match(actor=user, match_id=pk)
            approved += 1
        except DomainError as error:
            messages.error(
                request,
                _("Not approved: %(name)s. %(why)s.")
                % {"name": names.get(pk, _("a match that is not yours")), "why": str(error.message).rstrip(".")},
            )
    if approved:
        text = ngettext("%(number)d match is approved.", "%(number)d matches are approved.", approved)
        messages.success(request, text % {"number": approved})


@coordinator_or_network
@require_safe
def match(request: HttpRequest, match_id: int) -> HttpResponse:
    """One match with all that decides it."""
    return _match_page(request, match_id, ReasonForm())


def _match_page(request: HttpRequest, match_id: int, form: ReasonForm) -> HttpResponse:
    user = person(request)
    found = get_match(user, match_id)
    if found is None or found.student.is_protected:
        raise Http404
    offer = found.period.offer
    lines = gate_lines(gates_for([found])[found.pk])
    return render(
        request,
        "pages/coordinator/match.html",
        {
            "match": found,
            "offer": offer,
            "age": age_on(found.student.birth_date, found.start),
            "gates": lines,
            "is_blocked": any(line.kind == "stop" for line in lines),
            "facts": work_facts(list(offer.hazards.all()), offer.form_id),
            "is_waiting": found.state == MatchState.PROPOSED and can_decide_match(user, found),
            "is_own_student": can_decide_match(user, found) and found.deciding_municipality_id is not None,
            "form": form,
        },
        status=400 if form.errors else 200,
    )


@coordinator_or_network
@require_POST
def approve(request: HttpRequest, match_id: int) -> HttpResponse:
    try:
        placement = services.approve_match(actor=person(request), match_id=match_id)
    except DomainError as error:
        if error.status in {403, 404}:
            raise
        messages.error(request, str(error.message))
        return redirect("coordinator_match", match_id)
    messages.success(request, _("Approved: %(name)s has the place.") % {"name": placement.student.user.name})
    return redirect("coordinator_matches")


@coordinator_or_network
@require_POST
def reject(request: HttpRequest, match_id: int) -> HttpResponse:
    """No, with a reason that both sides read."""
    form = ReasonForm(request.POST)
    reason = request.POST.get("reason", "") if not form.is_valid() else form.cleaned_data["reason"]
    try:
        found = services.reject_match(actor=person(request), match_id=match_id, reason=reason[:2000])
    except DomainError as error:
        if error.status in {403, 404}:
            raise
        if not form.errors:
            add_domain_error(form, error)
        return _match_page(request, match_id, form)
    messages.success(
        request, _("Rejected. %(name)s and the organisation are told why.") % {"name": found.student.user.name}
    )
    return redirect("coordinator_matches")
