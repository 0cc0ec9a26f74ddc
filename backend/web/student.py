"""The student's pages: what to do next, profile, applying, own applications, suggestions, guardians."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.db.models import prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backend.accounts.models import User
from backend.accounts.selectors import list_coordinators_of
from backend.applications import services as applications_services
from backend.applications.enums import LIVE_STATES, ApplicationState
from backend.applications.models import Application
from backend.applications.selectors import list_applications_of
from backend.common.errors import DomainError, NotAllowed, NotFound
from backend.notifications.selectors import list_notifications_for
from backend.offers.search_address import USUAL_RADIUS
from backend.offers.selectors import Search, find_page
from backend.placements.end_requests import STANDING
from backend.placements.models import Placement
from backend.reference.enums import PositionSource
from backend.reference.languages import LANGUAGES
from backend.rounds.selectors import mark_kept
from backend.students import guardians as guardians_services
from backend.students import services
from backend.students.models import Guardianship, Student
from backend.students.policies import is_minor
from backend.students.selectors import consent_is_missing
from backend.suggestions.models import Suggestion
from backend.suggestions.selectors import list_suggestions_for, reasons_texts
from backend.suggestions.services import dismiss_suggestion
from backend.web.access import logged_in, student
from backend.web.application_answers import change_of
from backend.web.context import works_for_an_office
from backend.web.drafts import keeps_drafts, restore
from backend.web.form_errors import add_domain_error
from backend.web.forms.places import municipality_names
from backend.web.forms.student import ApplyForm, GuardianForm, ProfileForm, occupation_choices, profile_initial
from backend.web.notifications import news_items
from backend.web.offer_rows import offer_row, periods_ahead, place_name
from backend.web.onward import own_address
from backend.web.public import (
    allowed_rows,
    answer_days_of,
    is_open_to_apply,
    offer_for_reader,
    period_choices,
    reasons_for,
    similar_rows,
    verdict_of,
)
from backend.web.student_home import placement_rows, round_lines
from backend.web.student_rows import application_row, moment_text, story_of, track_of, weeks_ahead, why_it_ended
from backend.web.versions import unchanged, watch
from backend.web.weeks import format_day, format_weeks
from backend.web.work import forbidden_text, judge_periods, mark_forbidden

View = Callable[..., HttpResponse]
SUGGESTIONS_ON_HOME = 4
SUGGESTIONS_SHOWN = 50
NEWS_ON_HOME = 4
SIMILAR_SHOWN = 6
# Swedish and English.
LANGUAGES_SHOWN = 2
ENDED = set(ApplicationState.values) - {str(state) for state in LIVE_STATES} - {"approved"}


def person_of(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def needs_profile(view: View) -> View:
    """Someone who has just signed up fills in the profile first and then goes on; people of other roles are refused."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        person = person_of(request)
        if hasattr(person, "student"):
            return view(request, *args, **kwargs)
        if works_for_an_office(person):
            raise NotAllowed("web.not_student", _("This page is for students. Log in with another account to see it."))
        return redirect(f"{reverse('student_profile')}?{urlencode({'next': request.get_full_path()})}")

    return checked


@student
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What to do next, then everything that is under way."""
    person = person_of(request)
    rows = [row for row in list_applications_of(person) if not is_over(row)]
    placements, rounds = placement_rows(person.student), round_lines(person.student)
    todo = next((line for line in rounds if line.must_act), None)
    offered = sorted(
        (row for row in rows if row.state == ApplicationState.OFFERED),
        key=lambda row: row.hold_expires_at or row.submitted_at,
    )
    found = list_suggestions_for(person.student, limit=SUGGESTIONS_ON_HOME)
    context = {
        "greeting": _greeting(person, len(offered), has_place=any(row["stands"] for row in placements)),
        "decision": _decision(offered[0], rows) if offered else None,
        "todo": None if offered else todo,
        "needs_consent": not offered and todo is None and consent_is_missing(person.student),
        "placements": placements,
        "rounds": rounds if offered else [line for line in rounds if line is not todo],
        "has_guardian": person.student.guardianships.exists() if is_minor(person.student) else True,
        "applications": [application_row(row) for row in rows],
        "has_something": bool(placements or rounds),
        "ruler": weeks_ahead(rows),
        "suggestions": suggestion_rows(found),
        "newest": [] if found else _newest_near(person.student),
        "news": news_items(list_notifications_for(person, size=NEWS_ON_HOME).rows),
        "coordinators": list_coordinators_of(person.student.municipality_id) if person.student.municipality_id else [],
        "municipality": person.student.municipality,
    }
    return render(request, "pages/student/home.html", context)


def _newest_near(student: Student) -> list[Any]:
    """What a page without suggestions shows instead: the newest places of what the student looks for, within reach."""
    point = (student.lat, student.lon) if student.lat is not None and student.lon is not None else None
    search = Search(
        forms=tuple(student.forms.values_list("pk", flat=True)),
        programmes=(student.programme_id,) if student.programme_id else (),
        point=point,
        radius_km=(student.max_distance_km or USUAL_RADIUS) if point else None,
        only_free=True,
    )
    found = find_page(search, size=SUGGESTIONS_ON_HOME).rows
    mark_kept(found)
    return [offer_row(offer) for offer in found]


def is_over(row: Application) -> bool:
    """Whether nothing comes of it any more; so too where the placement it led to has ended early."""
    return row.state in ENDED or row.ended_placement is not None


def _greeting(person: User, offered: int, *, has_place: bool) -> str:
    name = {"name": person.first_name}
    if offered > 1:
        return _("Hello %(name)s! You have been offered %(count)d places.") % {**name, "count": offered}
    if offered:
        return _("Hello %(name)s! You have been offered a place.") % name
    if has_place:
        return _("Hello %(name)s! You have a place.") % name
    return _("Hello %(name)s!") % name


def _decision(row: Application, rows: list[Application]) -> dict[str, Any]:
    """The offered seat that must be answered first, and what a yes means for the other applications."""
    others = [
        other
        for other in rows
        if other.pk != row.pk
        and other.state in {"submitted", "waitlisted", "offered"}
        and other.period.start <= row.period.end
        and other.period.end >= row.period.start
    ]
    released = ngettext(
        "Your other application for the same weeks is withdrawn then.",
        "Your %(count)d other applications for the same weeks are withdrawn then.",
        len(others),
    ) % {"count": len(others)}
    return {
        "id": row.pk,
        "organisation": row.period.offer.organisation.name,
        "title": row.period.offer.title,
        "weeks": format_weeks(row.period.start, row.period.end),
        "until": moment_text(row.hold_expires_at) if row.hold_expires_at else "",
        "released": released if others else "",
        "message": row.message,
        "offer_id": row.period.offer_id,
    }


def suggestion_rows(found: list[Suggestion]) -> list[dict[str, Any]]:
    texts = reasons_texts(found)
    prefetch_related_objects(found, "offer__programmes")
    if found:
        mark_forbidden(found[0].student, [row.offer for row in found])
    found = [row for row in found if not row.offer.is_forbidden]  # type: ignore[attr-defined]
    mark_kept(row.offer for row in found)
    return [{"id": row.pk, "row": offer_row(row.offer, reasons={row.offer_id: texts[row.pk]})} for row in found]


@student
@require_safe
def suggestions(request: HttpRequest) -> HttpResponse:
    """Every place that fits, best first, with the reasons."""
    found = list_suggestions_for(person_of(request).student, limit=SUGGESTIONS_SHOWN)
    return render(request, "pages/student/suggestions.html", {"suggestions": suggestion_rows(found)})


@student
@require_POST
def dismiss(request: HttpRequest, suggestion_id: int) -> HttpResponse:
    """Hides a suggestion, or brings it back."""
    undo = request.POST.get("undo") == "1"
    dismiss_suggestion(actor=person_of(request), suggestion_id=suggestion_id, undo=undo)
    messages.success(request, _("The place is among your suggestions again.") if undo else _("The place is hidden."))
    return redirect("suggestions")


@keeps_drafts
@logged_in
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """The first run, and later changes: programme, wishes, place, weeks."""
    person = person_of(request)
    known: Student | None = person.student if hasattr(person, "student") else None
    if known is None and works_for_an_office(person):
        raise NotAllowed("web.not_student", _("This page is for students. Log in with another account to see it."))
    target = own_address(request, request.POST.get("next", "") or request.GET.get("next", ""))
    users, rows = User.objects.filter(pk=person.pk), Student.objects.filter(user=person)

    def made(data: Any = None) -> ProfileForm:
        now = rows.select_related("user", "municipality").first()
        initial = profile_initial(now) if now else {"name": person.name, "wants_suggestions": True}
        return ProfileForm(data, initial=initial, kept=now.programme_id if now else None)

    form = watch(request, made(request.POST or None), made)
    if request.method == "POST" and form.is_valid():
        try:
            with unchanged(request, form, made, users, rows):
                services.save_profile(actor=person, details=form.details(), name=form.cleaned_data["name"])
        except DomainError as error:
            add_domain_error(form, error)
        else:
            messages.success(request, _("Your profile is saved. We look for places that fit."))
            return redirect(target or "student_home")
    kept_at = restore(request, form)
    context = {
        "form": form,
        "draft_kept_at": kept_at,
        "is_first": known is None,
        "next": target,
        "municipalities": municipality_names(),
        "starts_from_centre": known is None or known.position_source == PositionSource.MUNICIPALITY,
        "interest_groups": _interest_groups(form),
        "languages": _languages(form),
        "is_minor": known is not None and is_minor(known),
    }
    return render(request, "pages/student/profile.html", context, status=400 if form.errors else 200)


def _interest_groups(form: ProfileForm) -> list[dict[str, Any]]:
    """The occupations under their fields, and which of them are chosen, by name."""
    chosen = set(form["interests"].value() or [])
    return [
        {
            "label": field,
            "chosen": ", ".join(str(name) for code, name in options if code in chosen),
            "options": [{"value": code, "label": name, "checked": code in chosen} for code, name in options],
        }
        for field, options in occupation_choices()
    ]


def _languages(form: ProfileForm) -> dict[str, Any]:
    """The languages most places ask for, and the others behind a line that names those that are chosen."""
    chosen = set(form["languages"].value() or [])
    options = [{"value": code, "label": name, "checked": code in chosen} for code, name in LANGUAGES.items()]
    others = options[LANGUAGES_SHOWN:]
    return {
        "first": options[:LANGUAGES_SHOWN],
        "others": others,
        "chosen": ", ".join(str(option["label"]) for option in others if option["checked"]),
    }


@keeps_drafts
@logged_in
@require_http_methods(["GET", "HEAD", "POST"])
@needs_profile
def apply(request: HttpRequest, offer_id: int) -> HttpResponse:
    """One screen: the period and a few words."""
    place = offer_for_reader(request, offer_id)
    mark_kept([place])
    periods = periods_ahead(place)
    form = ApplyForm(request.POST or None)
    form.fields["period"].choices = [(str(p.pk), format_weeks(p.start, p.end)) for p in periods]  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        try:
            made = applications_services.submit_application(
                actor=person_of(request),
                period_id=form.cleaned_data["period"],
                motivation=form.cleaned_data["motivation"],
            )
        except NotFound:
            raise
        except DomainError as error:
            add_domain_error(form, error)
        else:
            answer = {"day": format_day(made.answer_due_at)}
            messages.success(request, _("Your application is sent. You get an answer by %(day)s.") % answer)
            return redirect("student_application", made.pk)
    kept_at = restore(request, form)
    me = person_of(request).student
    verdicts = judge_periods(me, place, periods)
    why_not = forbidden_text(place, verdicts)
    chosen = request.POST.get("period", "") or request.GET.get("period", "") or str(form["period"].value() or "")
    context = {
        "form": form,
        "draft_kept_at": kept_at,
        "offer": place,
        "place_name": place_name(place),
        "choices": (choices := period_choices(periods, chosen, verdicts)),
        "can_apply": is_open_to_apply(place) and not why_not,
        "why_not": why_not,
        "instead": allowed_rows(request, place) if why_not else [],
        "answer_days": answer_days_of(place),
        "reasons": reasons_for(me, place, verdict_of(choices, verdicts)),
        "needs_consent": consent_is_missing(me),
    }
    return render(request, "pages/student/apply.html", context, status=400 if form.errors else 200)


@student
@require_safe
def applications(request: HttpRequest) -> HttpResponse:
    """Those under way first, then those that ended."""
    rows = list(list_applications_of(person_of(request)))
    live = [row for row in rows if not is_over(row)]
    context = {
        "live": [application_row(row) for row in live],
        "ended": [application_row(row) | {"why": why_it_ended(row)} for row in rows if is_over(row)],
        "ruler": weeks_ahead(live),
    }
    return render(request, "pages/student/applications.html", context)


def _own(request: HttpRequest, application_id: int) -> Application:
    row = list_applications_of(person_of(request)).filter(pk=application_id).first()
    if row is None:
        raise Http404
    return row


@student
@require_safe
def application(request: HttpRequest, application_id: int) -> HttpResponse:
    """One application: where it stands, what happened, and what the student can do."""
    row = _own(request, application_id)
    offer = row.period.offer
    context = {
        "row": row,
        "offer": offer,
        "place_name": place_name(offer),
        "weeks": format_weeks(row.period.start, row.period.end, with_year=True),
        "steps": track_of(row),
        "story": story_of(row),
        "why": why_it_ended(row),
        "decision": _decision(row, list(list_applications_of(person_of(request)))) if row.state == "offered" else None,
        "placement_url": _placement_url(row),
        "change": change_of(row) if row.state in LIVE_STATES else None,
        "placement_to_end": _placement_to_end(row),
        "can_withdraw": row.state in LIVE_STATES,
        "holds_seat": row.state in {ApplicationState.OFFERED, ApplicationState.ACCEPTED},
        "similar": _similar_rows(request, row),
    }
    return render(request, "pages/student/application.html", context)


def _placement_url(row: Application) -> str:
    placement = getattr(row.match, "placement", None)
    return reverse("placement", args=[placement.pk]) if placement else ""


def _placement_to_end(row: Application) -> int | None:
    """The placement that stands, whose end the student may ask for."""
    standing = Placement.objects.filter(match=row.match_id or 0, state__in=STANDING)
    return standing.values_list("pk", flat=True).first()


def _similar_rows(request: HttpRequest, row: Application) -> list[Any]:
    """Further places to apply for, as long as this application has brought no seat."""
    held = {ApplicationState.OFFERED, ApplicationState.ACCEPTED, ApplicationState.APPROVED}
    if row.state in held and not is_over(row):
        return []
    return similar_rows(request, row.period.offer, SIMILAR_SHOWN)


@student
@require_POST
def accept(request: HttpRequest, application_id: int) -> HttpResponse:
    """The student says yes to an offered seat."""
    row = applications_services.accept_seat(actor=person_of(request), application_id=_own(request, application_id).pk)
    messages.success(
        request, _("The seat is yours. Your coordinator approves it, and you hear as soon as that is done.")
    )
    return redirect("student_application", row.pk)


@student
@require_POST
def withdraw(request: HttpRequest, application_id: int) -> HttpResponse:
    """The student takes an application back, or says no to an offered seat."""
    row = applications_services.withdraw_application(
        actor=person_of(request), application_id=_own(request, application_id).pk
    )
    messages.success(request, _("The application is withdrawn. The organisation is told."))
    return redirect("student_application", row.pk)


@student
@require_http_methods(["GET", "HEAD", "POST"])
def guardians(request: HttpRequest) -> HttpResponse:
    """A minor names those who are asked for consent. Others have nothing to do here."""
    person = person_of(request)
    if not is_minor(person.student):
        raise Http404
    form = GuardianForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.add_guardian(
                actor=person,
                student_id=person.student.pk,
                email=form.cleaned_data["email"],
                name=form.cleaned_data["name"],
                phone=form.cleaned_data["phone"],
            )
        except DomainError as error:
            add_domain_error(form, error)
        else:
            messages.success(request, _("The guardian gets a mail with a link. No account is needed to answer."))
            return redirect("student_guardians")
    rows = Guardianship.objects.filter(student=person.student).prefetch_related("consents").order_by("pk")
    context = {
        "form": form,
        "guardians": [
            {
                "pk": row.pk,
                "name": row.named_as,
                "has_accepted": row.accepted_at is not None,
                "has_consented": any(consent.withdrawn_at is None for consent in row.consents.all()),
                "is_confirmed": row.is_confirmed,
            }
            for row in rows
        ],
        "can_add": len(rows) < services.MAX_GUARDIANS,
    }
    return render(request, "pages/student/guardians.html", context, status=400 if form.errors else 200)


@student
@require_POST
def remove_guardian(request: HttpRequest, guardianship_id: int) -> HttpResponse:
    """Takes somebody away whom nobody but the student has named."""
    guardians_services.remove_guardian(actor=person_of(request), guardianship_id=guardianship_id)
    messages.success(request, _("Removed. The links that were sent lead nowhere any more."))
    return redirect("student_guardians")
