"""Accounts: where someone's work begins, the first choice, the profile, the language, and the demo's personas."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views import i18n
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backend.accounts.models import User
from backend.web.access import logged_in, public
from backend.web.context import PERSONAS, home_url, is_demo, roles_of
from backend.web.forms.account import NameForm

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


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
    """A student's profile is its own page; everyone else has a name and an address."""
    assert isinstance(request.user, User)
    if "student" in roles_of(request.user):
        return redirect("student_profile")
    form = NameForm(request.POST or None, initial={"name": request.user.name})
    if request.method == "POST" and form.is_valid():
        request.user.name = form.cleaned_data["name"]
        request.user.save(update_fields=["name"])
        messages.success(request, _("Saved."))
        return redirect("profile")
    return render(request, "pages/account/profile.html", {"form": form}, status=400 if form.errors else 200)


@public
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Keeps the choice in a cookie, and with the account so that mails follow it."""
    language = request.POST.get("language", "")
    if isinstance(request.user, User) and language in dict(settings.LANGUAGES) and language != request.user.language:
        request.user.language = language
        request.user.save(update_fields=["language"])
    return i18n.set_language(request)


@public
@require_POST
def demo_login(request: HttpRequest) -> HttpResponse:
    """Logs in as one of the demo's invented people. 404 anywhere but in the demo."""
    email = request.POST.get("email", "")
    if not is_demo() or email not in PERSONAS:
        raise Http404
    user = User.objects.filter(email=email, is_active=True).first()
    if user is None:
        raise Http404
    login(request, user, backend=BACKEND)
    return redirect("home")
