"""A person's notifications, what they want to hear about, and the way out in every mail."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backend.accounts.models import User
from backend.notifications import services
from backend.notifications.enums import Category
from backend.notifications.models import Notification
from backend.notifications.selectors import list_notifications_for
from backend.notifications.unsubscribe import parse_token
from backend.web.access import logged_in, public


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def news_items(rows: list[Notification]) -> list[dict[str, object]]:
    """Rows of `list_notifications_for` for the news component. Opening one marks it as read."""
    return [
        {
            "text": row.kind_title,  # type: ignore[attr-defined]
            "url": f"/notifications/{row.pk}/",
            "when": date_format(timezone.localtime(row.created_at), "DATETIME_FORMAT"),
            "is_new": row.read_at is None,
        }
        for row in rows
    ]


@logged_in
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    page = list_notifications_for(_person(request), request.GET.get("after", ""))
    items = news_items(page.rows)
    context = {
        "items": items,
        "next_url": f"?after={page.cursor}" if page.cursor else "",
        "any_new": any(i["is_new"] for i in items),
    }
    return render(request, "pages/notifications/index.html", context)


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
