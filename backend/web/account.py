"""Accounts: where someone's work begins, the first choice, the profile, and the language."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views import i18n
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backend.accounts.models import User
from backend.tokens.policies import can_have_tokens
from backend.web.access import logged_in, public
from backend.web.context import home_url, roles_of, works_for_an_office
from backend.web.forms.account import NameForm
from backend.web.unsent import kept


@logged_in
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """To the first page of the person's role."""
    assert isinstance(request.user, User)
    return redirect(home_url(request.user))


@logged_in
@require_safe
def welcome(request: HttpRequest) -> HttpResponse:
    """The first choice after signing up: looking for a place, or offering one."""
    return render(request, "pages/account/welcome.html")


@logged_in
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """A student's profile is its own page; everyone else has a name and an address, with a way to the other page."""
    assert isinstance(request.user, User)
    roles = roles_of(request.user)
    if roles == ["student"]:
        return redirect("student_profile")
    form = NameForm(request.POST or None, initial={"name": request.user.name})
    if request.method == "POST" and form.is_valid():
        request.user.name = form.cleaned_data["name"]
        request.user.save(update_fields=["name"])
        messages.success(request, _("Saved."))
        return redirect("profile")
    context = {
        "form": form,
        "may_have_tokens": can_have_tokens(request.user),
        "is_student": "student" in roles,
        "may_study": not works_for_an_office(request.user),
    }
    return render(request, "pages/account/profile.html", context, status=400 if form.errors else 200)


@logged_in
@require_safe
def unsent(request: HttpRequest) -> HttpResponse:
    """What was being sent when the login had ended: read it once more, and send it with one press."""
    found = kept(request)
    return redirect("home") if found is None else render(request, "pages/account/unsent.html", found)


@public
def closed(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Allauth's pages about passwords. Nobody has one here: login is by a code or by another service."""
    raise Http404


@public
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Keeps the choice in a cookie, and with the account so that mails follow it."""
    language = request.POST.get("language", "")
    if isinstance(request.user, User) and language in dict(settings.LANGUAGES) and language != request.user.language:
        request.user.language = language
        request.user.save(update_fields=["language"])
    return i18n.set_language(request)
