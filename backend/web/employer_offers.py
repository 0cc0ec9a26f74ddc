"""An organisation's places: list, write, preview, send in, pause, close, copy."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backend.accounts.models import User
from backend.applications.board import count_applications
from backend.applications.enums import UNANSWERED_STATES
from backend.applications.models import Application
from backend.common import clock
from backend.common.errors import DomainError
from backend.offers import services
from backend.offers.enums import OfferState
from backend.offers.models import Offer
from backend.offers.once import create_offer_once
from backend.offers.policies import can_publish_offer, is_own_offer, require
from backend.offers.queues import work_facts
from backend.offers.school_weeks import next_time
from backend.organisations.models import Workplace
from backend.reference.languages import names_of_languages
from backend.reference.models import HazardFlag
from backend.rounds.selectors import mark_kept
from backend.suggestions.selectors import count_students_suggested
from backend.web.access import View, employer
from backend.web.cursors import page_of
from backend.web.drafts import keeps_drafts, restore
from backend.web.employer import first_steps, person
from backend.web.employer_offer_form import OfferForm, form_of_offer, workplaces_of
from backend.web.employer_rows import STATE_COLORS, next_step, offer_row
from backend.web.form_errors import add_domain_error
from backend.web.ruler import Period, Ruler, build_ruler
from backend.web.versions import unchanged, watch
from backend.web.weeks import format_weeks

LONGEST_RULER_DAYS = 366 * 2
EARLIER_SHOWN = 5


def own_offer(user: User, offer_id: int) -> Offer:
    """404 for one the user must not know of, 403 for a published one of someone else."""
    offer = get_object_or_404(Offer.objects.for_lists().prefetch_related("hazards"), pk=offer_id)
    require(is_own_offer(user, offer), user, offer)
    return offer


@employer
@require_safe
def offers(request: HttpRequest) -> HttpResponse:
    """All own places, newest first, filtered by state."""
    state = request.GET.get("state", "")
    found = Offer.objects.for_lists().filter(organisation__memberships__user=person(request))
    if state in OfferState.values:
        found = found.filter(state=state)
    page = page_of(found, ("-pk",), request.GET.get("after", ""))
    counts = count_applications(page.rows)
    mark_kept(page.rows)
    return render(
        request,
        "pages/employer/offers.html",
        {
            "offers": [offer_row(offer, counts.get(offer.pk)) for offer in page.rows],
            "next_cursor": page.next_cursor,
            "state": state,
            "states": [("", _("All")), *OfferState.choices],
        },
    )


@keeps_drafts
@employer
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Post a place: saved as a draft, then shown as the student will see it."""
    user = person(request)
    workplaces = workplaces_of(user)
    if not workplaces:
        messages.info(request, _("Add the workplace first, so that students see where it is."))
        return redirect("employer_workplace_new")
    form = OfferForm(
        request.POST or None, workplaces=workplaces, initial={"workplace": str(workplaces[0].pk), "periods-0-seats": 1}
    )
    if request.method == "POST" and form.is_valid():
        chosen = next(place for place in workplaces if str(place.pk) == form.cleaned_data["workplace"])
        try:
            offer = create_offer_once(
                actor=user, organisation=chosen.organisation, details=form.details(), periods=form.periods()
            )
        except DomainError as error:
            add_domain_error(form, error)
        else:
            messages.success(request, _("The draft is saved. Read it through and send it in."))
            return redirect("employer_offer", offer.pk)
    earlier = (
        Offer.objects.filter(organisation__memberships__user=user)
        .exclude(state__in=[OfferState.DRAFT, OfferState.SUBMITTED])
        .order_by("-pk")[:EARLIER_SHOWN]
    )
    is_first = not Offer.objects.filter(organisation__memberships__user=user).exists()
    steps = first_steps() if is_first else []
    return _form_page(request, form, {"earlier": earlier, "offer": None, "steps": steps})


def _form_page(request: HttpRequest, form: OfferForm, more: dict[str, Any]) -> HttpResponse:
    """The form with, for the risks chosen so far, who cannot take the place."""
    kept_at = restore(request, form)
    chosen = form["hazards"].value() or []
    code = form["form"].value() or ""
    excluded: list[Any] = []
    if chosen and code and code in dict(form.fields["form"].choices):  # type: ignore[attr-defined]
        excluded = list(work_facts(list(HazardFlag.objects.filter(pk__in=chosen)), code).excluded)
    rows = form.period_rows()
    # One row to begin with; those that are in use, and those before them, always stand open.
    shown = max([1, *(row.number for row in rows if row.is_in_use)])
    context = {
        "form": form,
        "draft_kept_at": kept_at,
        "rows": rows[:shown],
        "spare_rows": rows[shown:],
        "excluded": excluded,
        "open_programmes": bool(form["programmes"].value()) or "programmes" in form.errors,
        "open_languages": bool(form["languages"].value()) or "languages" in form.errors,
        "open_hazards": bool(chosen) or "hazards" in form.errors,
        **more,
    }
    return render(request, "pages/employer/offer_form.html", context, status=400 if form.errors else 200)


@keeps_drafts
@employer
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, offer_id: int) -> HttpResponse:
    user = person(request)
    offer = own_offer(user, offer_id)
    if offer.state == OfferState.CLOSED:
        messages.info(request, _("The place is closed. Post it again to change it."))
        return redirect("employer_offer", offer.pk)
    own = list(
        Workplace.objects.filter(organisation=offer.organisation_id).select_related("organisation", "municipality")
    )
    made = form_of_offer(offer.pk, own)
    form = watch(request, made(request.POST or None), made)
    if request.method == "POST" and form.is_valid():
        try:
            with unchanged(request, form, made, Offer.objects.filter(pk=offer.pk)):
                saved = services.update_offer(
                    actor=user, offer_id=offer.pk, details=form.details(), periods=form.periods()
                )
        except DomainError as error:
            add_domain_error(form, error)
        else:
            again = saved.state == OfferState.SUBMITTED and offer.state != OfferState.SUBMITTED
            messages.success(
                request,
                _("Saved. The coordinator reads the change before it is shown again.") if again else _("Saved."),
            )
            return redirect("employer_offer", offer.pk)
    return _form_page(request, form, {"earlier": [], "offer": offer})


@employer
@require_safe
def offer(request: HttpRequest, offer_id: int) -> HttpResponse:
    """The place as the student will see it, and what can be done with it now."""
    user = person(request)
    found = own_offer(user, offer_id)
    mark_kept([found])
    counts = count_applications([found]).get(found.pk)
    waiting = Application.objects.filter(period__offer=found, state__in=UNANSWERED_STATES).count()
    return render(
        request,
        "pages/employer/offer.html",
        {
            "offer": found,
            "state_color": STATE_COLORS[OfferState(found.state)],
            "next_step": next_step(found, counts),
            "counts": counts,
            "facts": work_facts(list(found.hazards.all()), found.form_id),
            "ruler": _ruler(found),
            "can_publish": can_publish_offer(user, found),
            "waiting": waiting,
            "programmes": list(dict.fromkeys(each.name for each in found.programmes.all())),
            "languages": names_of_languages(found.languages),
            "close_text": _close_consequence(waiting),
            "fits": count_students_suggested(found),
        },
    )


def _close_consequence(waiting: int) -> str:
    if not waiting:
        return _("It disappears from the search. Nobody is waiting for an answer.")
    return ngettext(
        "It disappears from the search, and %(number)d applicant is told that nothing will come of it.",
        "It disappears from the search, and %(number)d applicants are told that nothing will come of it.",
        waiting,
    ) % {"number": waiting}


def _ruler(found: Offer) -> Ruler | None:
    periods = list(found.periods.all())
    if not periods:
        return None
    start = min(clock.today(), periods[0].start)
    end = max(period.end for period in periods)
    if (end - start).days > LONGEST_RULER_DAYS:
        return None
    return build_ruler(start, end, [Period(each.start, each.end) for each in periods], today=clock.today())


def _copied_text(source: Offer) -> str:
    """Which weeks became which, so that nobody has to look for what was moved."""
    moves = []
    for each in source.periods.all():
        first, last = next_time(each.start, each.end, clock.today())
        moves.append(
            f"{format_weeks(each.start, each.end, with_year=True)} → {format_weeks(first, last, with_year=True)}"
        )
    if not moves:
        return _("Copied. Add the periods and save.")
    return _("Copied. The weeks are the same, in the next year: %(moves)s. Check them and save.") % {
        "moves": "; ".join(moves)
    }


@employer
@require_POST
def copy(request: HttpRequest, offer_id: int) -> HttpResponse:
    """An earlier place as a new draft, opened for changes."""
    user = person(request)
    source = own_offer(user, offer_id)
    copied = services.copy_offer(actor=user, offer_id=source.pk)
    messages.success(request, _copied_text(source))
    return redirect("employer_offer_edit", copied.pk)


def _action(command: Callable[..., Offer], done: Any) -> View:
    @employer
    @require_POST
    def view(request: HttpRequest, offer_id: int) -> HttpResponse:
        user = person(request)
        found = own_offer(user, offer_id)
        try:
            changed = command(actor=user, offer_id=found.pk)
        except DomainError as error:
            messages.error(request, str(error.message))
        else:
            messages.success(request, str(done(changed) if callable(done) else done))
        return redirect("employer_offer", found.pk)

    return view


def _sent(changed: Offer) -> str:
    if changed.state == OfferState.PUBLISHED:
        return _("The place is published. Students it fits are told.")
    return _("Sent to the coordinator. You are told as soon as it is published.")


submit = _action(services.submit_offer, _sent)
pause = _action(services.pause_offer, gettext_lazy("Paused. Nobody new can apply; those who applied keep their place."))
resume = _action(services.resume_offer, gettext_lazy("The place takes applications again."))
close = _action(services.close_offer, gettext_lazy("The place is closed."))
