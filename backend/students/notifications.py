"""Who is told what about guardians and consents."""

from collections.abc import Collection
from datetime import time, timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backend.accounts.models import User
from backend.accounts.policies import municipalities_coordinated_by
from backend.common import clock
from backend.common.models import DomainEvent
from backend.notifications import ledger, quiet
from backend.notifications.effect import own_step
from backend.notifications.enums import Category
from backend.notifications.messages import TEMPLATES, Words, context_from
from backend.notifications.models import Notification
from backend.notifications.registry import Kind, register
from backend.notifications.services import notify
from backend.notifications.subjects import Subject, from_rows, while_there
from backend.students import timers
from backend.students.links import guardian_path
from backend.students.models import GuardianConsent, Guardianship, Student
from backend.students.policies import ADULT_AGE
from backend.students.protection import deciders_for

# Nobody under 18 is woken, unless they choose so themselves.
NIGHT = quiet.Window(quiet_from=time(21, 0), quiet_to=time(7, 0))


@quiet.default_from
def minors_sleep(user_ids: Collection[int] | None) -> dict[int, quiet.Window]:
    """The window of the minors among the users, or of all minors. One query."""
    today = clock.today()
    try:
        turned_adult = today.replace(year=today.year - ADULT_AGE)
    except ValueError:  # 29 February
        turned_adult = today.replace(year=today.year - ADULT_AGE, day=28)
    minors = Student.objects.filter(birth_date__gt=turned_adult)
    if user_ids is not None:
        minors = minors.filter(user__in=user_ids)
    return dict.fromkeys(minors.values_list("user_id", flat=True), NIGHT)


def _known_to(reader: User) -> "QuerySet[User, int]":
    """The students of the reader's municipalities, and their guardians."""
    own = Student.objects.unprotected().filter(municipality__in=municipalities_coordinated_by(reader))
    # Naming somebody shows no more than what was written: the account's own name once they have accepted.
    guardians = Q(guardianships__student__in=own) & (
        Q(guardianships__accepted_at__isnull=False) | Q(guardianships__named_as=F("name"))
    )
    known = Q(student__in=own) | guardians
    return User.objects.filter(known).values_list("pk", flat=True)


ledger.register_people(
    ledger.People(
        students=lambda: Student.objects.values_list("user", flat=True),
        known_to=_known_to,
        concealed=lambda: Student.objects.filter(is_protected=True).values_list("user", flat=True),
    )
)


def tell_guardian(event: DomainEvent, guardianship: Guardianship) -> None:
    """Asks a guardian for consent."""
    notify(event=event, recipients=[guardianship.guardian], kind="consent.asked", subject=guardianship)
    timers.asked(guardianship)


def tell_student(event: DomainEvent, guardianship: Guardianship) -> None:
    """The student learns that a guardian has answered, or changed the answer."""
    notify(event=event, recipients=[guardianship.student.user], kind=event.kind, subject=guardianship)
    timers.answered(guardianship)


def tell_school(event: DomainEvent, guardianship: Guardianship) -> None:
    """Those who decide about the student's places learn that a consent is taken back."""
    student = guardianship.student
    notify(
        event=event,
        recipients=deciders_for(student, student.municipality_id),
        kind="consent.taken_back",
        subject=guardianship,
    )


def tell_of_removal(event: DomainEvent, student: Student) -> None:
    """The student learns that a guardian is not one any more."""
    notify(event=event, recipients=[student.user], kind="guardian.removed", subject=student)


PROFILE = "/elev/profil/"
GUARDIANS = "/elev/vardnadshavare/"


def tell_of_correction(event: DomainEvent, student: Student) -> None:
    """The student learns what the school has corrected. Coordinators read it in the log."""
    notify(event=event, recipients=[student.user], kind="student.corrected", subject=student)


_guardianship: Subject[Guardianship] = from_rows(
    lambda: Guardianship.objects.select_related("student__user").annotate(
        has_consented=Exists(GuardianConsent.objects.filter(guardianship=OuterRef("pk"), withdrawn_at__isnull=True))
    )
)


def _page_with_key(notification: Notification) -> str:
    """A guardian answers without an account: the link is the key."""
    return guardian_path(notification.subject_id)


def _asked_words(notification: Notification) -> Words:
    name = _guardianship(notification).student.user.name
    return Words(
        paragraphs=(
            _("%(name)s looks for a place through the school and is under 18. You decide whether that is fine.")
            % {"name": name},
            _("You can take your consent back at any time."),
        ),
        button=_("Read and answer"),
    )


def _already_given(notification: Notification) -> str:
    return "already_answered" if _guardianship(notification).has_consented else ""  # type: ignore[attr-defined]


def _taken_back(notification: Notification) -> str:
    return "" if _guardianship(notification).has_consented else "already_done"  # type: ignore[attr-defined]


def _given_words(notification: Notification) -> Words:
    text = (
        _("Your placements can be approved now.")
        if Guardianship.objects.filter(pk=notification.subject_id).exclude(confirmation="").exists()
        else _("Your school confirms who the guardian is before a place is approved. You need to do nothing.")
    )
    return Words(paragraphs=(text,))


register(
    Kind(
        name="consent.asked",
        category=Category.ACCOUNT,
        title=lambda notification: _("Consent for %(name)s") % {"name": _guardianship(notification).student.user.name},
        context=lambda notification: {
            **context_from(_asked_words)(notification),
            "link": _page_with_key(notification),
        },
        page=_page_with_key,
        subject=_guardianship,
        templates=TEMPLATES,
        opt_out=False,
        resend_when_uncertain=True,
        expires_after=timedelta(days=14),
        still_relevant=while_there(_already_given, "already_done"),
        acted=own_step("consent.given"),
        several=lambda number: (
            ngettext("Consent for %(number)d child", "Consent for %(number)d children", number) % {"number": number}
        ),
    )
)
register(
    Kind(
        name="consent.missing",
        category=Category.REMINDERS,
        title=lambda notification: (
            _("Your answer is missing: consent for %(name)s") % {"name": _guardianship(notification).student.user.name}
        ),
        context=lambda notification: {
            **context_from(_asked_words)(notification),
            "link": _page_with_key(notification),
        },
        page=_page_with_key,
        subject=_guardianship,
        templates=TEMPLATES,
        opt_out=False,
        expires_after=timedelta(days=4),
        still_relevant=while_there(_already_given, "already_done"),
        acted=own_step("consent.given"),
    )
)
register(
    Kind(
        name="consent.given",
        category=Category.ACCOUNT,
        title=lambda notification: _("Your guardian has given consent"),
        context=context_from(_given_words),
        templates=TEMPLATES,
        subject=_guardianship,
        still_relevant=while_there(_taken_back, "already_done"),
    )
)
register(
    Kind(
        name="consent.withdrawn",
        category=Category.ACCOUNT,
        title=lambda notification: _("Your guardian has taken back the consent"),
        context=context_from(
            lambda notification: Words(
                paragraphs=(_("Talk to your guardian, or to your coordinator if you need help."),)
            )
        ),
        templates=TEMPLATES,
        subject=_guardianship,
        still_relevant=while_there(_already_given, "already_done"),
    )
)


register(
    Kind(
        name="consent.taken_back",
        category=Category.ACCOUNT,
        title=lambda notification: (
            _("A guardian of %(name)s has taken back the consent")
            % {"name": _guardianship(notification).student.display_name}
        ),
        context=context_from(
            lambda notification: Words(
                paragraphs=(
                    _("New placements cannot be approved until a guardian has said yes again."),
                    _("A placement that stands goes on until you end it: talk to the guardian and the student."),
                ),
                button=_("See the student"),
            )
        ),
        still_relevant=while_there(_already_given, "already_done"),
        subject=_guardianship,
        templates=TEMPLATES,
        opt_out=False,
    )
)
register(
    Kind(
        name="guardian.removed",
        category=Category.ACCOUNT,
        title=lambda notification: _("A guardian is removed"),
        context=lambda notification: {
            **context_from(
                lambda notification: Words(
                    paragraphs=(
                        _(
                            "Someone who was named as your guardian has been removed, and can no longer see anything about you."
                        ),
                        _("If you are under 18, a guardian has to say yes before a place can be approved."),
                    ),
                    button=_("Guardians and consent"),
                )
            )(notification),
            "link": GUARDIANS,
        },
        page=lambda notification: GUARDIANS,
        templates=TEMPLATES,
    )
)


def _corrected_words(notification: Notification) -> Words:
    data = notification.event.data
    birth_date = (
        _("Your date of birth is now %(new)s. It was %(old)s.") % {"new": data["new"], "old": data["old"]}
        if "new" in data
        else ""
    )
    return Words(
        paragraphs=(
            _("Your coordinator has corrected what the school answers for: school, class, studies or date of birth."),
            birth_date,
            _("If something is wrong, talk to your coordinator."),
        ),
        button=_("See your profile"),
    )


register(
    Kind(
        name="student.corrected",
        category=Category.ACCOUNT,
        title=lambda notification: _("Your coordinator has corrected your details"),
        context=lambda notification: {**context_from(_corrected_words)(notification), "link": PROFILE},
        page=lambda notification: PROFILE,
        templates=TEMPLATES,
        opt_out=False,
    )
)
