"""What the exchange tells people: an invitation to students from a class list, and the end of a long import."""

from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backend.exchange.enums import DisabledReason
from backend.exchange.models import ImportJob, WebhookEndpoint
from backend.notifications.enums import Category, ChannelName
from backend.notifications.messages import TEMPLATES, Words, context_from
from backend.notifications.models import Notification
from backend.notifications.registry import Kind, register
from backend.notifications.subjects import Subject, from_rows
from backend.students.models import Student

PROFILE = "/elev/profil/"


_student: Subject[Student] = from_rows(lambda: Student.objects.select_related("user"))


def _invitation(notification: Notification) -> Words:
    student = _student(notification)
    return Words(
        paragraphs=(
            _("Your school has put you on the list of %(class)s. Here you find places, apply, and see every answer.")
            % {"class": " ".join(filter(None, [student.class_name, student.school]))},
            _("Log in with this e-mail address: a code is sent to you each time, there is no password."),
        ),
        button=_("Log in and fill in your profile"),
    )


def _has_come(notification: Notification) -> str:
    return "already_answered" if _student(notification).user.last_login else ""


register(
    Kind(
        name="student.invited",
        category=Category.ACCOUNT,
        title=lambda notification: _("Your school invites you to Praktiknavet"),
        context=lambda notification: {**context_from(_invitation)(notification), "link": PROFILE},
        page=lambda notification: PROFILE,
        templates=TEMPLATES,
        opt_out=False,
        resend_when_uncertain=True,
        expires_after=timedelta(days=14),
        subject=_student,
        still_relevant=_has_come,
    )
)


def _import_words(notification: Notification) -> Words:
    job = ImportJob.objects.get(pk=notification.subject_id)
    return Words(
        paragraphs=(
            ngettext("%(number)d row was new.", "%(number)d rows were new.", job.created_count)
            % {"number": job.created_count},
        ),
        facts=(
            (_("Changed"), job.updated_count),
            (_("Unchanged"), job.unchanged_count),
            *([(_("Left out"), job.faulty_count)] if job.faulty_count else []),
        ),
        button=_("See the import"),
    )


register(
    Kind(
        name="import.done",
        category=Category.ORGANISATIONS,
        channels=(ChannelName.IN_APP,),
        title=lambda notification: _("Your import is finished"),
        context=context_from(_import_words),
        templates=TEMPLATES,
    )
)


def _webhook_words(notification: Notification) -> Words:
    endpoint = WebhookEndpoint.objects.select_related("organisation", "municipality").get(pk=notification.subject_id)
    owner = endpoint.organisation or endpoint.municipality
    reasons = {
        DisabledReason.SILENT: _("The address has not answered for five days."),
        DisabledReason.GONE: _("The address answered that it is gone for good (410)."),
    }
    return Words(
        paragraphs=(
            reasons.get(DisabledReason(endpoint.disabled_because or DisabledReason.SILENT)),
            _("Nothing is sent there any more. Switch it on again when the other system is back."),
        ),
        facts=((_("Address"), endpoint.url), (_("For"), owner)),
        button=_("See what was sent"),
    )


register(
    Kind(
        name="webhook.disabled",
        category=Category.ORGANISATIONS,
        title=lambda notification: _("A webhook was switched off"),
        context=context_from(_webhook_words),
        templates=TEMPLATES,
        opt_out=False,
        expires_after=timedelta(days=7),
    )
)
