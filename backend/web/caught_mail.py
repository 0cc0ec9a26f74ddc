"""Demo only: the mails the local catcher holds, so that a visitor sees what people would get."""

from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_safe

from backend.common.caught_mail import CaughtMail, UnknownMailError, get_mail, list_mails
from backend.web.access import public

SHOWN = 100


def _directory() -> Path:
    """The catcher's folder. 404 outside the demo: in production nobody's mail is anybody's to read."""
    if not (settings.DEMO_MODE and settings.MAIL_DIR):
        raise Http404
    return Path(settings.MAIL_DIR)


def _mail(mail_id: str) -> CaughtMail:
    try:
        return get_mail(_directory(), mail_id)
    except UnknownMailError as error:
        raise Http404 from error


@public
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The newest mails of the demo."""
    mails = list_mails(_directory())
    items = [
        {
            "text": f"{mail.subject} → {', '.join(mail.recipients)}",
            "url": f"/demo/mail/{mail.id}/",
            "when": date_format(timezone.localtime(mail.received_at), "DATETIME_FORMAT"),
            "is_new": False,
        }
        for mail in mails[:SHOWN]
    ]
    return render(request, "pages/demo/mails.html", {"items": items})


@public
@require_safe
def message(request: HttpRequest, mail_id: str) -> HttpResponse:
    """One mail as its plain text, with a way to its HTML."""
    mail = _mail(mail_id)
    return render(request, "pages/demo/mail.html", {"mail": mail, "recipients": ", ".join(mail.recipients)})


@public
@require_safe
def message_html(request: HttpRequest, mail_id: str) -> HttpResponse:
    """The HTML part as a page of its own. A mail brings its styles inline, so it gets a policy that allows just those."""
    response = HttpResponse(_mail(mail_id).html)
    response["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; sandbox allow-top-navigation-by-user-activation"
    )
    return response
