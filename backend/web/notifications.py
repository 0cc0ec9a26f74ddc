"""A person's notifications, what they want to hear about, and the way out in every mail."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backend.accounts.models import User
from backend.notifications import services
from backend.notifications.enums import Category
from backend.notifications.models import Notification
from backend.notifications.registry import Kind
from backend.notifications.selectors import list_notifications_for
from backend.notifications.unsubscribe import parse_token
from backend.web.access import logged_in, public
from backend.web.weeks import format_recent


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


WHY: dict[str, "str | Promise"] = {
    Category.APPLICATIONS: gettext_lazy("It concerns an application you have a part in."),
    Category.SUGGESTIONS: gettext_lazy("The place fits your profile or one of your alerts."),
    Category.OFFERS: gettext_lazy("It concerns a place you post or review."),
    Category.MATCHES: gettext_lazy("It concerns a match you have a part in."),
    Category.PLACEMENTS: gettext_lazy("It concerns a placement you have a part in."),
    Category.ROUNDS: gettext_lazy("You take part in the round."),
    Category.ORGANISATIONS: gettext_lazy("You belong to the organisation, or are invited to it."),
    Category.REMINDERS: gettext_lazy("Somebody waits for your answer."),
    Category.ACCOUNT: gettext_lazy("It concerns your account or a consent."),
}


def news_items(rows: list[Notification]) -> list[dict[str, object]]:
    """Rows of `list_notifications_for` for the news component. Opening one marks it as read.

    One whose subject is gone leads nowhere. why: the reason it came. setting: category to choose about, None where the
    person cannot refuse it.
    """
    return [
        {
            "text": row.kind_title,  # type: ignore[attr-defined]
            "url": reverse("notification", args=[row.pk]) if row.link else "",  # type: ignore[attr-defined]
            "when": format_recent(row.created_at),
            "is_new": row.read_at is None,
            "is_over": row.is_over,  # type: ignore[attr-defined]
            **_why(row.known_kind),  # type: ignore[attr-defined]
        }
        for row in rows
    ]


def _why(kind: Kind | None) -> dict[str, object]:
    if kind is None:
        return {"why": "", "setting": None}
    setting = {"category": kind.category, "label": Category(kind.category).label} if kind.opt_out else None
    return {"why": WHY.get(kind.category, ""), "setting": setting}


@logged_in
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    page = list_notifications_for(_person(request), request.GET.get("after", ""))
    items = news_items(page.rows)
    context = {
        "parts": [part for part in _parts(items) if part["items"]],
        "next_url": f"?after={page.cursor}" if page.cursor else "",
        "any_new": any(i["is_new"] for i in items),
    }
    return render(request, "pages/notifications/index.html", context)


def _parts(items: list[dict[str, object]]) -> list[dict[str, object]]:
    """Unread ones under a heading of their own."""
    return [
        {"id": "unread", "title": _("Unread"), "items": [item for item in items if item["is_new"]]},
        {"id": "earlier", "title": _("Read earlier"), "items": [item for item in items if not item["is_new"]]},
    ]


@logged_in
@require_http_methods(["GET", "HEAD"])
def open_one(request: HttpRequest, notification_id: int) -> HttpResponse:
    """Leads to the page the notification is about. Having been there is what makes it read."""
    person = _person(request)
    row = Notification.objects.filter(pk=notification_id, recipient=person).first()
    if row is None:
        raise Http404
    services.mark_read(actor=person, notification_id=row.pk)
    return redirect("go", row.subject_type, row.subject_id)


@logged_in
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    services.mark_all_read(actor=_person(request))
    return redirect("notifications")


@public
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """RFC 8058: mail programs POST here for the person, without login and without our token. GET only shows."""
    target = parse_token(token)
    person = User.objects.filter(pk=target.user_id).first() if target else None
    if target is None or person is None:
        raise Http404
    if request.method == "POST":
        services.unsubscribe(user=person, category=target.category, channel=target.channel)
    context = {"category": Category(target.category).label, "is_done": request.method == "POST"}
    return render(request, "pages/notifications/unsubscribe.html", context)
