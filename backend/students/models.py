"""Students, those who answer for them, and the searches they want to hear about."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.common.models import TimestampedModel
from backend.reference.enums import PositionSource
from backend.reference.models import Municipality, OccupationGroup, PlacementForm, Programme
from backend.students.enums import Confirmation, NamedBy, Studies


class StudentQuerySet(models.QuerySet["Student"]):
    def unprotected(self) -> "StudentQuerySet":
        """Those who may appear in lists, counts and suggestions."""
        return self.filter(is_protected=False)


class Student(TimestampedModel):
    """Someone who looks for a place. Matching sees class of age, form, programme, area and wishes, nothing else.

    municipality: whose school owner answers for the student; empty when outside the network.
    languages: ISO 639-1 codes; empty = nobody has asked, which rules out nothing.
    has_finished_compulsory_school: opens work for the young, so it is false until somebody has said it.
    lat, lon: where journeys start, degrees WGS 84, rounded to about a kilometre; the exact home is never stored.
    home_town: the town they stand for, as it was understood; empty = not told. position_source: how well they are known.
    max_distance_km: empty = no limit.
    left_lists_on: when the school took the student off the last class list; empty for whoever is on one or never was.
    is_protected: protected identity. Such a student is absent from every list and count of everyone without a grant.
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="student")
    municipality = models.ForeignKey(
        Municipality, null=True, blank=True, on_delete=models.PROTECT, related_name="students"
    )
    school = models.CharField(_("School"), max_length=120, blank=True)
    class_name = models.CharField(_("Class"), max_length=20, blank=True)
    programme = models.ForeignKey(Programme, null=True, blank=True, on_delete=models.PROTECT, related_name="students")
    birth_date = models.DateField(_("Date of birth"))
    studies = models.CharField(_("Studies"), max_length=16, choices=Studies.choices, blank=True, default="")
    has_finished_compulsory_school = models.BooleanField(_("Finished compulsory school"), default=False)
    left_lists_on = models.DateField(null=True, blank=True)
    forms = models.ManyToManyField(PlacementForm, related_name="students", verbose_name=_("Looking for"))
    interests = models.ManyToManyField(
        OccupationGroup, related_name="students", blank=True, verbose_name=_("Interests")
    )
    skills = ArrayField(models.CharField(max_length=40), default=list, blank=True, verbose_name=_("Skills"))
    languages = ArrayField(models.CharField(max_length=5), default=list, blank=True, verbose_name=_("Languages"))
    lat = models.FloatField(null=True, blank=True)
    lon = models.FloatField(null=True, blank=True)
    home_town = models.CharField(_("Home town"), max_length=120, blank=True, default="")
    position_source = models.CharField(
        max_length=12, choices=PositionSource.choices, default=PositionSource.MUNICIPALITY
    )
    max_distance_km = models.PositiveSmallIntegerField(_("Longest journey, km"), null=True, blank=True)
    wants_suggestions = models.BooleanField(_("Tell me about places that fit"), default=True)
    is_protected = models.BooleanField(default=False)
    alias = models.CharField(max_length=40, blank=True)

    objects = StudentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(position_source__in=PositionSource.values), name="student_position_source_known"
            ),
            models.CheckConstraint(
                condition=models.Q(is_protected=False) | ~models.Q(alias=""), name="protected_student_has_alias"
            ),
        ]
        indexes = [models.Index(fields=["municipality", "class_name"], name="student_class")]

    def __str__(self) -> str:
        return f"student {self.pk}"

    @property
    def display_name(self) -> str:
        """What an employer may see."""
        return self.alias if self.is_protected else self.user.name


class Availability(models.Model):
    """Dates on which the student can have a place, both ends included. None at all = any time."""

    student = models.ForeignKey(Student, on_delete=models.CASCADE, related_name="availabilities")
    start = models.DateField()
    end = models.DateField()

    class Meta:
        ordering = ["start"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(end__gte=models.F("start")),
                name="availability_ends_after_start",
                violation_error_message=_("The last day is before the first."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.start} to {self.end}"


class Guardianship(TimestampedModel):
    """A guardian of a minor. At most two; they may live apart and need no account of their own to answer.

    named_as: the name as it was written when they were named; the name of the account is the guardian's own to show.
    phone: E.164, for whoever has to call about the consent; empty = not told.
    accepted_at: when they said that they are the guardian; before that they see nothing and are told nothing more.
    confirmation: how it is known; empty = the student alone has said so, and a yes of theirs opens nothing yet.
    """

    student = models.ForeignKey(Student, on_delete=models.CASCADE, related_name="guardianships")
    guardian = models.ForeignKey(User, on_delete=models.CASCADE, related_name="guardianships")
    named_as = models.CharField(max_length=120, blank=True)
    phone = models.CharField(max_length=20, blank=True, default="")
    named_by = models.CharField(max_length=12, choices=NamedBy.choices, default=NamedBy.STUDENT)
    accepted_at = models.DateTimeField(null=True, blank=True)
    confirmation = models.CharField(max_length=12, choices=Confirmation.choices, blank=True, default="")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["student", "guardian"], name="guardianship_once"),
            models.CheckConstraint(condition=models.Q(named_by__in=NamedBy.values), name="guardianship_named_by_known"),
            models.CheckConstraint(
                condition=models.Q(confirmation="", confirmed_at__isnull=True)
                | models.Q(confirmation__in=Confirmation.values, confirmed_at__isnull=False),
                name="confirmed_guardianship_says_how_and_when",
            ),
        ]

    def __str__(self) -> str:
        return f"guardian {self.guardian_id} of {self.student_id}"

    @property
    def is_confirmed(self) -> bool:
        """Whether somebody other than the student has said who the guardian is."""
        return bool(self.confirmation)


class GuardianConsent(models.Model):
    """A guardian's yes to placements: which text, how it was given, when, and when it was taken back."""

    guardianship = models.ForeignKey(Guardianship, on_delete=models.CASCADE, related_name="consents")
    text_version = models.CharField(max_length=20)
    method = models.CharField(max_length=20)
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["guardianship"], condition=models.Q(withdrawn_at__isnull=True), name="one_consent_in_force"
            )
        ]

    def __str__(self) -> str:
        return f"consent {self.pk}"


class Alert(TimestampedModel):
    """A saved search that notifies. Empty fields do not restrict. Radius in kilometres around `municipality`'s or own point."""

    student = models.ForeignKey(Student, on_delete=models.CASCADE, related_name="alerts")
    name = models.CharField(_("Name"), max_length=80)
    text = models.CharField(_("Words"), max_length=80, blank=True)
    form = models.ForeignKey(PlacementForm, null=True, blank=True, on_delete=models.PROTECT, related_name="alerts")
    group = models.ForeignKey(OccupationGroup, null=True, blank=True, on_delete=models.PROTECT, related_name="alerts")
    municipality = models.ForeignKey(
        Municipality, null=True, blank=True, on_delete=models.PROTECT, related_name="alerts"
    )
    radius_km = models.PositiveSmallIntegerField(_("Within, km"), null=True, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(radius_km__isnull=True) | models.Q(municipality__isnull=False),
                name="alert_radius_needs_a_place",
                violation_error_message=_("Choose a place to measure the distance from."),
            )
        ]

    def __str__(self) -> str:
        return f"alert {self.pk}"


class StudentGroup(TimestampedModel):
    """A class list: "8B" of one school in one school year. school_year: the year it starts in, 2026 = 2026/27."""

    name = models.CharField(_("Class"), max_length=20)
    school = models.CharField(_("School"), max_length=120)
    municipality = models.ForeignKey(Municipality, on_delete=models.PROTECT, related_name="student_groups")
    school_year = models.PositiveSmallIntegerField(_("School year"))
    students = models.ManyToManyField(Student, through="GroupMembership", related_name="groups")

    class Meta:
        ordering = ["-school_year", "school", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "school", "name", "school_year"],
                name="student_group_once_a_year",
                violation_error_message=_("There is already a class list with this name."),
            ),
            models.CheckConstraint(
                condition=~models.Q(name="") & ~models.Q(school=""), name="student_group_has_a_name"
            ),
            models.CheckConstraint(
                condition=models.Q(school_year__range=(2000, 2100)), name="student_group_year_in_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.school} {self.school_year}"


class GroupMembership(TimestampedModel):
    group = models.ForeignKey(StudentGroup, on_delete=models.CASCADE, related_name="memberships")
    student = models.ForeignKey(Student, on_delete=models.CASCADE, related_name="group_memberships")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["group", "student"], name="group_member_once"),
        ]

    def __str__(self) -> str:
        return f"member {self.student_id} of {self.group_id}"
