"""A person's notifications, what they want to hear about, and the way out in every mail."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backend.accounts.models import User
from backend.common.errors import Invalid
from backend.notifications import services
from backend.notifications.enums import Category, ChannelName
from backend.notifications.models import Notification
from backend.notifications.selectors import get_preferences, list_notifications_for
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


@logged_in
@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: HttpRequest) -> HttpResponse:
    """The table of categories and channels. A choice that can not be is explained above, the others stay as chosen."""
    person = _person(request)
    rows = get_preferences(person)
    error = ""
    if request.method == "POST":
        chosen: dict[tuple[str, str], str] = {}
        for row in rows:
            for channel, cell in row.cells.items():
                if slot := request.POST.get(cell.field, ""):
                    chosen[row.category, channel] = slot
        try:
            services.set_preferences(actor=person, user=person, choices=chosen)
        except Invalid as refusal:
            error = str(refusal.message)
        else:
            messages.success(request, _("Saved. This holds from now on."))
            return redirect("notification_settings")
    channels = [(channel.value, channel.label) for channel in ChannelName if any(channel in row.cells for row in rows)]
    table = [(row.label, [(label, row.cells.get(value)) for value, label in channels]) for row in rows]
    context = {"table": table, "channels": channels, "error": error}
    return render(request, "pages/notifications/settings.html", context, status=400 if error else 200)


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
