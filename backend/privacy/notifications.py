"""What people are told about their data."""

from datetime import timedelta

from django.utils.translation import gettext as _

from backend.common.weeks import format_day
from backend.notifications.enums import Category
from backend.notifications.messages import TEMPLATES, Words, context_from
from backend.notifications.models import Notification
from backend.notifications.registry import Kind, register
from backend.notifications.subjects import Subject, from_rows, while_there
from backend.privacy.models import DataCopy

OWN_DATA = "/konto/uppgifter/"

_copy: Subject[DataCopy] = from_rows(DataCopy.objects.all)


def _is_there(notification: Notification) -> str:
    _copy(notification)
    return ""


def _words(notification: Notification) -> Words:
    return Words(
        paragraphs=(
            _("The copy that you asked for can be fetched from your account. Log in to fetch it: nobody else can."),
        ),
        facts=((_("It is deleted on"), format_day(_copy(notification).expires_at.date())),),
        button=_("Fetch the copy"),
    )


register(
    Kind(
        name="data_copy.ready",
        category=Category.ACCOUNT,
        title=lambda notification: _("Your copy of the data is ready"),
        context=lambda notification: {**context_from(_words)(notification), "link": OWN_DATA},
        page=lambda notification: OWN_DATA,
        templates=TEMPLATES,
        opt_out=False,
        at_any_hour=True,
        resend_when_uncertain=True,
        expires_after=timedelta(days=7),
        subject=_copy,
        still_relevant=while_there(_is_there, "no_longer_there"),
    )
)
