"""The two queues: places to review and matches to decide. Choose some, read what it means, decide, undo."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backend.accounts.models import User
from backend.accounts.policies import is_coordinator
from backend.common.errors import DomainError
from backend.notifications.digest_runs import in_one_mail
from backend.offers import services as offer_services
from backend.offers.models import Offer
from backend.offers.policies import can_review_offer
from backend.offers.queues import list_offers_to_review
from backend.offers.review import list_undoable_reviews
from backend.organisations.municipality_settings import settings_of
from backend.placements import services
from backend.placements.enums import MatchState
from backend.placements.gates import gates_for
from backend.placements.models import Match
from backend.placements.selectors import get_match, list_matches_to_decide, list_undoable_decisions
from backend.web.access import coordinator_or_network
from backend.web.coordinator_forms import ReasonForm
from backend.web.coordinator_rows import match_rows, offer_rows, seen_value
from backend.web.cursors import page_of
from backend.web.employer import person
from backend.web.numbers import moment_in, number_in, numbers_in

MOST_AT_ONCE = 100
UNDOABLE_SHOWN = MOST_AT_ONCE
MATCH_KEYS = ("proposed_at", "pk")
OFFER_KEYS = ("submitted_at", "pk")


def chosen_ids(sent: QueryDict, name: str) -> list[int]:
    """The ids that were ticked, each once; what is no id is left out."""
    return list(dict.fromkeys(numbers_in(sent.getlist(name))))[:MOST_AT_ONCE]


def seen_offers(sent: QueryDict) -> dict[int, datetime | None]:
    """The ids of the ticked places, and when each was last changed as it stood on the page (None: not told)."""
    seen: dict[int, datetime | None] = {}
    for value in sent.getlist("offer"):
        number, _at, moment = value.partition("@")
        if (pk := number_in(number)) is not None and len(seen) < MOST_AT_ONCE:
            seen.setdefault(pk, moment_in(moment))
    return seen


def until_text(moment: Any) -> str:
    """ "14:32", by the Swedish clock."""
    return date_format(localtime(moment), "H:i")


@coordinator_or_network
@require_safe
def matches(request: HttpRequest) -> HttpResponse:
    """Matches that wait for a decision, longest first."""
    user = person(request)
    queue = list_matches_to_decide(user)
    page = page_of(queue, MATCH_KEYS, request.GET.get("after", ""))
    return render(
        request,
        "pages/coordinator/matches.html",
        {
            "rows": match_rows(page.rows),
            "next_cursor": page.next_cursor,
            "total": queue.count(),
            "undoable": match_undo_rows(user),
            "is_coordinator": is_coordinator(user),
        },
    )


def match_undo_rows(user: User) -> list[dict[str, Any]]:
    """Decisions about matches that can still be undone."""
    return [
        {
            "pk": each.pk,
            "text": f"{each.student.user.name}, {each.period.offer.title}",
            "done": _("Approved") if each.state == MatchState.APPROVED else _("Rejected"),
            "by": each.decided_by.name if each.decided_by else "",
            "until": until_text(each.undo_until),
        }
        for each in list_undoable_decisions(user)[:UNDOABLE_SHOWN]
    ]


@coordinator_or_network
@require_http_methods(["GET", "HEAD", "POST"])
def decide_matches(request: HttpRequest) -> HttpResponse:
    """The chosen matches at once. GET shows what the decision means, so that "back" and a reload come here; POST does it."""
    user, sent = person(request), request.POST if request.method == "POST" else request.GET
    chosen = chosen_ids(sent, "match")
    if not chosen:
        messages.warning(request, _("Choose at least one match."))
        return redirect("coordinator_matches")
    rejects = sent.get("decision") == "reject"
    form = ReasonForm(request.POST if rejects and request.method == "POST" else None)
    if request.method != "POST" or (rejects and not form.is_valid()):
        return _confirm_matches(request, chosen, form, rejects=rejects)

    def command(pk: int) -> Any:
        if rejects:
            return services.reject_match(actor=user, match_id=pk, reason=form.cleaned_data["reason"])
        return services.approve_match(actor=user, match_id=pk)

    done = _each(request, chosen, command, lambda pk: _name_of_match(user, pk))
    if done and rejects:
        text = ngettext("%(number)d match is rejected.", "%(number)d matches are rejected.", done)
        messages.success(request, text % {"number": done})
    elif done:
        text = ngettext("%(number)d match is approved.", "%(number)d matches are approved.", done)
        messages.success(request, text % {"number": done})
    return redirect("coordinator_matches")


def _name_of_match(user: User, match_id: int) -> str:
    """Whose it is, also when a colleague has decided it meanwhile; nothing about those that are not the user's to know."""
    found = get_match(user, match_id)
    return found.student.user.name if found and not found.student.is_protected else _("a match that is not yours")


def _each(request: HttpRequest, ids: Sequence[int], command: Callable[[int], Any], name: Callable[[int], str]) -> int:
    """Each in a transaction of its own: one that fails says why and does not hold up the others. How many were done."""
    done = 0
    for pk in ids:
        try:
            command(pk)
            done += 1
        except DomainError as error:
            messages.error(
                request,
                _("Not done: %(name)s. %(why)s.") % {"name": name(pk), "why": str(error.message).rstrip(".")},
            )
    return done


def _confirm_matches(request: HttpRequest, chosen: Sequence[int], form: ReasonForm, *, rejects: bool) -> HttpResponse:
    found = list(list_matches_to_decide(person(request)).filter(pk__in=chosen))
    closed = [
        pk for pk, gates in gates_for(found).items() if any(gate.is_blocking and not gate.is_open for gate in gates)
    ]
    kept = found if rejects else [match for match in found if match.pk not in closed]
    return render(
        request,
        "pages/coordinator/confirm.html",
        {
            "queue": reverse("coordinator_matches"),
            "name": "match",
            "rejects": rejects,
            "title": _("Reject these matches?") if rejects else _("Approve these matches?"),
            "submit": _("Reject them") if rejects else _("Approve them"),
            "rows": [
                {
                    "value": match.pk,
                    "title": match.student.user.name,
                    "text": f"{match.period.offer.title}, {match.period.offer.organisation.name}",
                }
                for match in kept
            ],
            "left_out": len(found) - len(kept),
            "changed": 0,
            "gone": len(chosen) - len(found),
            "consequences": _match_consequences(kept, rejects=rejects),
            "undo_minutes": undo_minutes_of({match.deciding_municipality_id for match in kept}),
            "form": form if rejects else None,
        },
        status=400 if form.errors else 200,
    )


def _match_consequences(found: Sequence[Match], *, rejects: bool) -> list[str]:
    organisations = len({match.period.offer.organisation_id for match in found})
    told = ngettext(
        "The students and %(number)d organisation are told at once, with your reason.",
        "The students and %(number)d organisations are told at once, with your reason.",
        organisations,
    )
    if rejects:
        return [told % {"number": organisations}, _("Each seat goes to the next on its waiting list.")]
    told = ngettext(
        "The students, the guardians of minors and %(number)d organisation are told at once.",
        "The students, the guardians of minors and %(number)d organisations are told at once.",
        organisations,
    )
    return [_("Each becomes a placement."), told % {"number": organisations}]


def undo_minutes_of(codes: set[str | None]) -> int:
    """The shortest time among the municipalities concerned."""
    return min((settings_of(code).undo_minutes for code in codes), default=0)


@coordinator_or_network
@require_safe
def offers(request: HttpRequest) -> HttpResponse:
    """Places that wait for review, longest first."""
    user = person(request)
    queue = list_offers_to_review(user)
    page = page_of(queue.prefetch_related("hazards"), OFFER_KEYS, request.GET.get("after", ""))
    return render(
        request,
        "pages/coordinator/offers.html",
        {
            "rows": offer_rows(page.rows),
            "next_cursor": page.next_cursor,
            "total": queue.count(),
            "undoable": offer_undo_rows(user),
        },
    )


def offer_undo_rows(user: User) -> list[dict[str, Any]]:
    """Reviews that can still be undone."""
    return [
        {
            "pk": each.pk,
            "text": f"{each.title}, {each.organisation.name}",
            "done": _("Published") if each.is_open else _("Sent back"),
            "by": "",
            "until": until_text(each.undo_until),
        }
        for each in list_undoable_reviews(user)[:UNDOABLE_SHOWN]
    ]


@coordinator_or_network
@require_http_methods(["GET", "HEAD", "POST"])
def decide_offers(request: HttpRequest) -> HttpResponse:
    """The chosen places at once, in the same two steps as the matches."""
    user, sent = person(request), request.POST if request.method == "POST" else request.GET
    chosen = seen_offers(sent)
    if not chosen:
        messages.warning(request, _("Choose at least one place."))
        return redirect("coordinator_offers")
    rejects = sent.get("decision") == "reject"
    form = ReasonForm(request.POST if rejects and request.method == "POST" else None)
    if request.method != "POST" or (rejects and not form.is_valid()):
        return _confirm_offers(request, chosen, form, rejects=rejects)
    known = Offer.objects.select_related("organisation", "workplace").in_bulk(chosen)
    titles = {pk: offer.title for pk, offer in known.items() if can_review_offer(user, offer)}

    def command(pk: int) -> Any:
        if rejects:
            return offer_services.send_back_offer(actor=user, offer_id=pk, reason=form.cleaned_data["reason"])
        return offer_services.publish_offer(actor=user, offer_id=pk, seen=chosen[pk])

    with in_one_mail():
        done = _each(
            request, list(chosen), command, lambda pk: titles.get(pk, _("a place that is not yours to review"))
        )
    if done and rejects:
        text = ngettext("%(number)d place is sent back.", "%(number)d places are sent back.", done)
        messages.success(request, text % {"number": done})
    elif done:
        text = ngettext("%(number)d place is published.", "%(number)d places are published.", done)
        messages.success(request, text % {"number": done})
    return redirect("coordinator_offers")


def _confirm_offers(
    request: HttpRequest, chosen: Mapping[int, datetime | None], form: ReasonForm, *, rejects: bool
) -> HttpResponse:
    found = list(list_offers_to_review(person(request)).filter(pk__in=chosen))
    # Nobody has read the new words of what was changed meanwhile. What is sent back may have any.
    kept = found if rejects else [each for each in found if chosen[each.pk] in {None, each.updated_at}]
    if rejects:
        consequences = [
            _("They become drafts again. The organisations read your reason and can send them in anew."),
        ]
    else:
        consequences = [
            _("Everyone can find them and apply."),
            _("The organisations, and the students they fit, are told at once."),
        ]
    return render(
        request,
        "pages/coordinator/confirm.html",
        {
            "queue": reverse("coordinator_offers"),
            "name": "offer",
            "rejects": rejects,
            "title": _("Send these places back?") if rejects else _("Publish these places?"),
            "submit": _("Send them back") if rejects else _("Publish them"),
            "rows": [{"value": seen_value(each), "title": each.title, "text": each.organisation.name} for each in kept],
            "left_out": 0,
            "changed": len(found) - len(kept),
            "gone": len(chosen) - len(found),
            "consequences": consequences,
            "undo_minutes": undo_minutes_of({each.municipality_code for each in kept}),
            "form": form if rejects else None,
        },
        status=400 if form.errors else 200,
    )


@coordinator_or_network
@require_POST
def undo_matches(request: HttpRequest) -> HttpResponse:
    """Takes decisions about matches back; the match waits again and those who were told are told."""
    user = person(request)
    known = {each.pk: each for each in list_undoable_decisions(user)}

    def command(pk: int) -> Any:
        match = known.get(pk)
        if match is not None and match.state == MatchState.REJECTED:
            return services.undo_match_rejection(actor=user, match_id=pk)
        return services.undo_match_approval(actor=user, match_id=pk)

    done = _each(
        request,
        chosen_ids(request.POST, "match"),
        command,
        lambda pk: known[pk].student.user.name if pk in known else _("a decision that stands"),
    )
    _say_undone(request, done)
    return redirect("coordinator_matches")


@coordinator_or_network
@require_POST
def undo_offers(request: HttpRequest) -> HttpResponse:
    """Takes publications and sendings back; the place waits for review again."""
    user = person(request)
    known = {each.pk: each for each in list_undoable_reviews(user)}

    def command(pk: int) -> Any:
        offer = known.get(pk)
        if offer is not None and not offer.is_open:
            return offer_services.undo_send_back(actor=user, offer_id=pk)
        return offer_services.undo_offer_publication(actor=user, offer_id=pk)

    done = _each(
        request,
        chosen_ids(request.POST, "offer"),
        command,
        lambda pk: known[pk].title if pk in known else _("a decision that stands"),
    )
    _say_undone(request, done)
    return redirect("coordinator_offers")


def _say_undone(request: HttpRequest, done: int) -> None:
    if done:
        text = ngettext(
            "%(number)d decision undone. Everyone who was notified of it has been notified again.",
            "%(number)d decisions undone. Everyone who was notified of them has been notified again.",
            done,
        )
        messages.success(request, text % {"number": done})
