"""The demo: one-click logins as invented people, and a tour that leads through the main job in their places."""

from dataclasses import dataclass

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from backend.accounts import totp
from backend.accounts.models import User
from backend.common import clock
from backend.web.access import public
from backend.web.context import PERSONAS, is_demo
from backend.web.onward import own_address

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@dataclass(frozen=True)
class Stop:
    """One stop of the tour. email: whose place one takes, empty for a visitor. page: the name of the first page."""

    title: str | Promise
    text: str | Promise
    button: str | Promise
    page: str
    email: str = ""


TOUR = (
    Stop(
        _("Somebody looks for a place"),
        _("No account is needed to search. Try a trade with a typing error, or a town nearby."),
        _("Search as a visitor"),
        "search",
    ),
    Stop(
        _("Elin sees what fits her, and why"),
        _(
            "She is offered a seat and has until a certain time to answer. Say yes, and watch what happens in the next steps."
        ),
        _("Be Elin, a student"),
        "student_home",
        "student@demo.example",
    ),
    Stop(
        _("Karin answers those who applied"),
        _("She offers a seat with one click, or says no and sees the letter first. A new place takes two minutes."),
        _("Be Karin, at a workshop"),
        "employer_home",
        "company@demo.example",
    ),
    Stop(
        _("Annika approves every match"),
        _("One sentence says what needs her today. Everything she decides on is on one screen, with the reasons."),
        _("Be Annika, a coordinator"),
        "coordinator_home",
        "coordinator@demo.example",
    ),
    Stop(
        _("Maria gives her consent"),
        _("A guardian answers through a link in a mail, without an account of their own."),
        _("Be Maria, a guardian"),
        "guardian_home",
        "guardian@demo.example",
    ),
    Stop(
        _("Håkan sees the whole network"),
        _("The municipalities, what their skills add up to, and whether every notification arrived."),
        _("Be Håkan, at the network office"),
        "network_home",
        "network@demo.example",
    ),
    Stop(
        _("And the mails?"),
        _("Nothing leaves the demo: everything that was sent to the invented people can be read here."),
        _("Read the mails"),
        "caught_mails",
    ),
)
START_PAGES = {stop.page for stop in TOUR if stop.email}


@public
@require_safe
def tour(request: HttpRequest) -> HttpResponse:
    """The main job in seven stops. 404 anywhere but in the demo."""
    if not is_demo():
        raise Http404
    stops = [
        {
            "title": stop.title,
            "text": stop.text,
            "button": stop.button,
            "email": stop.email,
            "page": stop.page,
            "url": reverse(stop.page),
            "is_current": bool(stop.email) and getattr(request.user, "email", "") == stop.email,
        }
        for stop in TOUR
    ]
    return render(request, "pages/demo/tour.html", {"stops": stops})


@public
@require_POST
def demo_login(request: HttpRequest) -> HttpResponse:
    """Logs in as one of the demo's invented people. 404 anywhere but in the demo."""
    email, page = request.POST.get("email", ""), request.POST.get("page", "home")
    if not is_demo() or email not in PERSONAS:
        raise Http404
    user = User.objects.filter(email=email, is_active=True).first()
    if user is None:
        raise Http404
    login(request, user, backend=BACKEND)
    if onward := own_address(request, request.POST.get("next", "")):
        return redirect(onward)
    return redirect(page if page in START_PAGES else "home")


@public
@require_safe
def codes(request: HttpRequest) -> HttpResponse:
    """What the apps of the invented people show now. 404 anywhere but in the demo."""
    if not is_demo():
        raise Http404
    apps = Authenticator.objects.filter(user__email__in=PERSONAS, type=Authenticator.Type.TOTP).select_related("user")
    step = totp.step_at(clock.now())
    rows = [
        {
            "email": app.user.email,
            "label": PERSONAS[app.user.email],
            "code": totp.code_of(get_adapter().decrypt(app.data["secret"]), step),
        }
        for app in apps.order_by("pk")
    ]
    return render(request, "pages/demo/codes.html", {"rows": rows})
