"""Rows that hold time: when a person may be disturbed, which digest slots have run, and reminders that lie ahead."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from backend.common.clock import DbMomentField

MOST_REMINDERS = 2


class Hours(models.Model):
    """When a person does not want to be disturbed. A row is the person's own choice; without one the default holds.

    quiet_from, quiet_to: wall clock in Sweden, over midnight when `quiet_to` is the earlier one; both empty = never quiet.
    school_time_only: what can wait comes Monday to Friday in school time.
    paused_from, paused_to: days, both included, on which nothing that can wait is sent.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="notification_hours"
    )
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_to = models.TimeField(null=True, blank=True)
    school_time_only = models.BooleanField(default=False)
    paused_from = models.DateField(null=True, blank=True)
    paused_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_to__isnull=True)
                | Q(quiet_from__isnull=False, quiet_to__isnull=False) & ~Q(quiet_from=F("quiet_to")),
                name="quiet_hours_have_two_ends",
            ),
            models.CheckConstraint(
                condition=Q(paused_from__isnull=True, paused_to__isnull=True) | Q(paused_to__gte=F("paused_from")),
                name="pause_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"hours of user {self.user_id}"


class DigestSlot(models.Model):
    """A morning whose summaries have been written. The unique slot makes it happen once, however many workers there are."""

    slot = models.DateTimeField(unique=True)
    people = models.PositiveIntegerField(default=0)
    written_at = DbMomentField()

    def __str__(self) -> str:
        return f"digests of {self.slot:%Y-%m-%d %H:%M}"


class StepState(models.TextChoices):
    WAITING = "waiting"
    DONE = "done"
    SETTLED = "settled"


class ReminderStep(models.Model):
    """One step of a matter that someone leaves lying: the first reminder, the second, then a task for a person.

    Written with the matter, so that time lives in rows. The unique key and the check on `number` are what keeps a matter
    from reminding a third time. `settled`: the matter was done before the step was due.
    """

    matter = models.CharField(max_length=40)
    subject_type = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    number = models.PositiveSmallIntegerField()
    due_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=StepState.choices, default=StepState.WAITING)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["matter", "subject_id", "number"], name="reminder_step_once"),
            models.CheckConstraint(
                condition=Q(number__gte=1, number__lte=MOST_REMINDERS + 1), name="at_most_two_reminders_then_a_task"
            ),
            models.CheckConstraint(condition=Q(state__in=StepState.values), name="reminder_step_state_known"),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="reminder_step_due", condition=Q(state="waiting")),
            models.Index(fields=["subject_type", "subject_id"], name="reminder_step_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.matter} {self.subject_id} step {self.number}"


class Task(models.Model):
    """Two reminders did not help: somebody of the municipality, or of the network office, takes the matter in hand."""

    matter = models.CharField(max_length=40)
    subject_type = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    # Empty: the network office.
    municipality = models.ForeignKey(
        "reference.Municipality", null=True, on_delete=models.PROTECT, related_name="tasks"
    )
    # Stands in no list; whoever may know of it has been told.
    is_protected = models.BooleanField(default=False)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="closed_tasks"
    )
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["matter", "subject_id"], condition=Q(closed_at__isnull=True), name="one_open_task_per_matter"
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=False) | Q(closed_by__isnull=True, note=""),
                name="open_task_has_no_answer",
            ),
        ]
        indexes = [
            models.Index(fields=["municipality", "opened_at"], name="task_open", condition=Q(closed_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"task {self.matter} {self.subject_id}"
