"""The employer's own pages: home, registration, workplaces, placements and colleagues."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from backend.accounts.models import User
from backend.applications.answer_figures import AnswerFigures, answer_figures
from backend.applications.board import count_applications, list_waiting_for
from backend.common import clock
from backend.common.errors import DomainError
from backend.offers.enums import OfferState
from backend.offers.models import Offer
from backend.organisations.models import Workplace
from backend.organisations.selectors import list_organisations_of
from backend.organisations.services import register_organisation, save_workplace
from backend.placements.enums import STANDING_STATES
from backend.placements.selectors import list_placements_at
from backend.rounds.selectors import mark_kept
from backend.web.access import employer, public
from backend.web.cursors import page_of
from backend.web.employer_forms import OrganisationForm, WorkplaceForm, new_workplace_initial, workplace_initial
from backend.web.employer_pin import after_step, map_context, source_text
from backend.web.employer_pin import is_step as is_pin_step
from backend.web.employer_rows import applicant_rows, offer_row
from backend.web.form_errors import add_domain_error
from backend.web.placement_rows import next_step
from backend.web.unsent import discard_when_sent, keep
from backend.web.versions import unchanged, watch
from backend.web.weeks import format_weeks

SHOWN_AT_HOME = 10
PLACEMENT_KEYS = ("-end", "-pk")


def person(request: HttpRequest) -> User:
    """The logged-in user; the access decorators have made sure that there is one."""
    assert isinstance(request.user, User)
    return request.user


@employer
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Who waits for an answer, oldest first; then the own places with their next step."""
    user = person(request)
    waiting = list_waiting_for(user)
    offers = list(
        Offer.objects.for_lists()
        .filter(organisation__memberships__user=user)
        .exclude(state=OfferState.CLOSED)
        .order_by("-pk")[:SHOWN_AT_HOME]
    )
    counts = count_applications(offers)
    mark_kept(offers)
    return render(
        request,
        "pages/employer/home.html",
        {
            "waiting": applicant_rows(waiting[:SHOWN_AT_HOME]),
            "waiting_total": waiting.count(),
            "offers": [offer_row(offer, counts.get(offer.pk)) for offer in offers],
            "organisations": list_organisations_of(user),
            "placements": _coming(user),
            "figures": _figures(answer_figures(user)),
        },
    )


def _coming(user: User) -> list[dict[str, Any]]:
    """Those who come or are there, the first to begin first, and what the workplace has to do about each."""
    found = list_placements_at(user).filter(state__in=STANDING_STATES).order_by("start", "pk")[:SHOWN_AT_HOME]
    return [
        {
            "url": reverse("placement", args=[row.pk]),
            "name": row.student.display_name,
            "title": row.period.offer.title,
            "weeks": format_weeks(row.start, row.end, with_year=True),
            "text": next_step(row, "employer", row.student.display_name),
        }
        for row in found
    ]


def _figures(own: AnswerFigures) -> list[dict[str, Any]]:
    """How the organisations answer, in numbers; only what there is something to say about."""
    rows: list[tuple[str, str]] = []
    if own.median_days is not None:
        days = round(own.median_days)
        text = ngettext("%(days)d day", "%(days)d days", days) % {"days": days} if days else _("under 1 day")
        rows.append((text, _("until half of them had an answer")))
    if own.settled:
        words = {"part": own.in_time, "all": own.settled}
        rows.append((_("%(part)d of %(all)d") % words, _("answered in time")))
    if own.seats:
        rows.append((_("%(part)d of %(all)d") % {"part": own.taken, "all": own.seats}, _("seats taken")))
    return [{"value": value, "label": label, "kind": "", "mark": False} for value, label in rows]


def first_steps() -> list[str]:
    """From nothing to the first place, in three pages."""
    return [_("The organisation"), _("The workplace"), _("The place")]


@public
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """Someone registers the organisation they work for: written first, then logged in with a code, then registered."""
    form = OrganisationForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid() and not request.user.is_authenticated:
        if keep(request):
            messages.info(request, _("Now your e-mail address: it gets a code. What you wrote is kept."))
            return redirect_to_login(reverse("unsent"))
        return redirect_to_login(request.get_full_path())
    if form.is_bound and form.is_valid():
        discard_when_sent(request)
        cleaned = form.cleaned_data
        try:
            organisation = register_organisation(
                actor=person(request),
                name=cleaned["name"],
                registration_number=cleaned["registration_number"],
                municipality_code=cleaned["municipality"],
                kind=cleaned["kind"],
                about=cleaned["about"],
                website=cleaned["website"],
            )
        except DomainError as error:
            add_domain_error(form, error)
        else:
            messages.success(
                request,
                _("%(name)s is registered. Now add the workplace where you receive students.")
                % {"name": organisation.name},
            )
            return redirect("employer_workplace_new")
    context = {"form": form, "steps": first_steps(), "open_more": bool({"kind", "about", "website"} & set(form.errors))}
    return render(request, "pages/employer/register.html", context, status=400 if form.errors else 200)


@employer
@require_safe
def workplaces(request: HttpRequest) -> HttpResponse:
    rows = (
        Workplace.objects.filter(organisation__memberships__user=person(request))
        .select_related("organisation", "municipality")
        .order_by("organisation__name", "name", "pk")
    )
    return render(request, "pages/employer/workplaces.html", {"workplaces": rows})


@employer
@require_http_methods(["GET", "HEAD", "POST"])
def workplace(request: HttpRequest, workplace_id: int | None = None) -> HttpResponse:
    """Adds a workplace, or changes one of an own organisation."""
    user = person(request)
    organisations = list_organisations_of(user)
    saved = None
    if workplace_id is not None:
        saved = get_object_or_404(Workplace, pk=workplace_id, organisation__memberships__user=user)
        organisations = [each for each in organisations if each.pk == saved.organisation_id]
    # Whoever has just registered goes on to the place itself: step three of three.
    is_first = saved is None and not Workplace.objects.filter(organisation__in=organisations).exists()
    initial = workplace_initial(saved) if saved else new_workplace_initial(organisations[0], is_first=is_first)
    is_step = is_pin_step(request.POST)
    if is_step:
        initial = after_step(request.POST)
    form = WorkplaceForm(None if is_step else request.POST or None, organisations=organisations, initial=initial)
    rows = Workplace.objects.filter(pk=workplace_id or 0)

    def fresh() -> WorkplaceForm:
        return WorkplaceForm(organisations=organisations, initial=workplace_initial(rows.get()))

    if saved:
        watch(request, form, fresh)
    if form.is_bound and form.is_valid():
        chosen = next(each for each in organisations if str(each.pk) == form.cleaned_data["organisation"])
        try:
            with unchanged(request, form, fresh, rows):
                save_workplace(actor=user, organisation=chosen, details=form.details(), workplace=saved)
        except DomainError as error:
            add_domain_error(form, error)
        else:
            messages.success(request, _("The workplace is saved."))
            return redirect("employer_offer_new" if is_first else "employer_workplaces")
    context = {
        "form": form,
        "workplace": saved,
        "several": len(organisations) > 1,
        "map": map_context(request.POST if form.is_bound else initial),
        "source": source_text(saved.position_source) if saved and not is_step and not form.is_bound else "",
        "steps": first_steps() if is_first else [],
    }
    return render(request, "pages/employer/workplace.html", context, status=400 if form.errors else 200)


@employer
@require_safe
def placements(request: HttpRequest) -> HttpResponse:
    """Who comes when: the own placements, the latest last day first."""
    page = page_of(list_placements_at(person(request)), PLACEMENT_KEYS, request.GET.get("after", ""))
    return render(request, "pages/employer/placements.html", {"page": page, "today": clock.today()})
