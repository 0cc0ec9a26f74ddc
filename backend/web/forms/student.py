"""What a student fills in: the profile, an application, an alert, a guardian."""

from datetime import date
from typing import Any

from django import forms as inputs
from django.utils.translation import gettext_lazy as _

from backend.common import clock
from backend.reference.languages import LANGUAGES
from backend.reference.models import OccupationGroup, PlacementForm, Programme
from backend.students.enums import Studies
from backend.students.models import Student
from backend.students.services import ProfileDetails
from backend.students.studies import asks_for_programme
from backend.web.forms.contacts import phone_field
from backend.web.forms.places import MunicipalityField

RANGES = (1, 2)
NONE = ("", "–")


def date_input() -> inputs.DateInput:
    # Browsers take and give ISO dates, whatever the language of the page is.
    return inputs.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


def programme_choices() -> list[tuple[str, str]]:
    """One choice per programme that can be studied today, by name; the newest code where two series share a name."""
    by_name = {row.name: row.pk for row in Programme.objects.valid_on(clock.today()).order_by("series", "code")}
    return [NONE, *sorted(((code, name) for name, code in by_name.items()), key=lambda pair: pair[1])]


def form_choices() -> list[tuple[str, str]]:
    return [(row.pk, row.name) for row in PlacementForm.objects.all()]


def occupation_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Current occupation groups under their field of work."""
    found: dict[str, list[tuple[str, str]]] = {}
    groups = OccupationGroup.objects.current().select_related("field").order_by("field__sort_key", "sort_key")
    for group in groups:
        found.setdefault(group.field.name, []).append((group.pk, group.name))
    return list(found.items())


class ProfileForm(inputs.Form):
    """Who the student is, what they look for, where and when."""

    name = inputs.CharField(
        label=_("Your name"),
        max_length=120,
        widget=inputs.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Enter your name.")},
    )
    birth_date = inputs.DateField(
        label=_("Date of birth"),
        widget=date_input(),
        help_text=_("Decides which work you may do. Companies do not see it."),
        error_messages={"required": _("Enter your date of birth.")},
    )
    studies = inputs.ChoiceField(
        label=_("What do you study?"),
        choices=Studies.choices,
        widget=inputs.RadioSelect,
        help_text=_("Decides which places we look for and which rules for young people apply."),
        error_messages={"required": _("Choose what you study."), "invalid_choice": _("Choose from the list.")},
    )
    programme = inputs.ChoiceField(
        label=_("Programme"), required=False, help_text=_("For those in upper secondary school.")
    )
    forms = inputs.MultipleChoiceField(
        label=_("What are you looking for?"),
        required=False,
        widget=inputs.CheckboxSelectMultiple,
        help_text=_("Choose nothing, and we look for what goes with your studies."),
    )
    languages = inputs.MultipleChoiceField(
        label=_("Which languages can you use at work?"),
        required=False,
        choices=tuple(LANGUAGES.items()),
        widget=inputs.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("Choose from the list.")},
    )
    municipality = MunicipalityField(label=_("Your municipality"), required=False, max_length=60)
    home_place = inputs.CharField(
        label=_("Town or postcode where you live"),
        required=False,
        max_length=80,
        widget=inputs.TextInput(attrs={"autocomplete": "address-level2"}),
        help_text=_(
            "For distances. We keep the town and a point to about a kilometre, never your address or postcode."
        ),
    )
    max_distance_km = inputs.IntegerField(
        label=_("Longest journey, km"), required=False, help_text=_("Empty means any distance.")
    )
    start_1 = inputs.DateField(label=_("From"), required=False, widget=date_input())
    end_1 = inputs.DateField(label=_("To"), required=False, widget=date_input())
    start_2 = inputs.DateField(label=_("From"), required=False, widget=date_input())
    end_2 = inputs.DateField(label=_("To"), required=False, widget=date_input())
    interests = inputs.MultipleChoiceField(
        label=_("What do you want to work with?"), required=False, widget=inputs.CheckboxSelectMultiple
    )
    skills = inputs.CharField(
        label=_("What can you do already?"),
        required=False,
        max_length=400,
        help_text=_("A few words with commas between, for example welding, CAD, truck licence."),
    )
    school = inputs.CharField(label=_("School"), required=False, max_length=120)
    class_name = inputs.CharField(label=_("Class"), required=False, max_length=20)
    wants_suggestions = inputs.BooleanField(label=_("Tell me when a place fits me"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kept = kwargs.pop("kept", None)
        super().__init__(*args, **kwargs)
        programmes = programme_choices()
        if kept and kept not in {code for code, _name in programmes}:
            programmes.append((kept, str(Programme.objects.get(pk=kept))))
        self.fields["programme"].choices = programmes  # type: ignore[attr-defined]
        self.fields["forms"].choices = form_choices()  # type: ignore[attr-defined]
        self.fields["interests"].choices = occupation_choices()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for number in RANGES:
            start, end = cleaned.get(f"start_{number}"), cleaned.get(f"end_{number}")
            if bool(start) != bool(end):
                self.add_error(
                    f"end_{number}" if start else f"start_{number}", _("Enter both the first and the last day.")
                )
            elif start and end and end < start:
                self.add_error(f"end_{number}", _("The last day is before the first."))
        return cleaned

    def details(self) -> ProfileDetails:
        """The cleaned answers."""
        cleaned = self.cleaned_data
        ranges: list[tuple[date, date]] = [
            (cleaned[f"start_{n}"], cleaned[f"end_{n}"]) for n in RANGES if cleaned[f"start_{n}"]
        ]
        return ProfileDetails(
            birth_date=cleaned["birth_date"],
            municipality_code=cleaned["municipality"],
            school=cleaned["school"],
            class_name=cleaned["class_name"],
            # The field is out of sight for those whom nobody asks; what was chosen before would shut them out.
            programme=cleaned["programme"] if asks_for_programme(cleaned["studies"]) else "",
            studies=cleaned["studies"],
            forms=cleaned["forms"],
            interests=cleaned["interests"],
            skills=cleaned["skills"].split(","),
            languages=cleaned["languages"],
            availability=ranges,
            home_place=cleaned["home_place"],
            max_distance_km=cleaned["max_distance_km"],
            wants_suggestions=cleaned["wants_suggestions"],
        )


def profile_initial(student: Student) -> dict[str, Any]:
    """What the form shows of a profile that exists."""
    initial: dict[str, Any] = {
        "name": student.user.name,
        "birth_date": student.birth_date,
        "programme": student.programme_id or "",
        "forms": list(student.forms.values_list("pk", flat=True)),
        "municipality": student.municipality.name if student.municipality else "",
        "home_place": student.home_town,
        "max_distance_km": student.max_distance_km,
        "interests": list(student.interests.values_list("pk", flat=True)),
        "skills": ", ".join(student.skills),
        "school": student.school,
        "class_name": student.class_name,
        "studies": student.studies,
        "languages": student.languages,
        "wants_suggestions": student.wants_suggestions,
    }
    for number, row in zip(RANGES, student.availabilities.all()[: len(RANGES)], strict=False):
        initial |= {f"start_{number}": row.start, f"end_{number}": row.end}
    return initial


class ApplyForm(inputs.Form):
    """A period of the place and a few words. `period` cleans to the period's id."""

    period = inputs.TypedChoiceField(
        label=_("Period"),
        coerce=int,
        widget=inputs.RadioSelect,
        error_messages={"required": _("Choose a period."), "invalid_choice": _("Choose a period from the list.")},
    )
    motivation = inputs.CharField(
        label=_("Why this place?"),
        required=False,
        max_length=1500,
        widget=inputs.Textarea(attrs={"rows": 5}),
        help_text=_("Two or three sentences are enough. The company reads them."),
    )


class GuardianForm(inputs.Form):
    """Whom to ask for consent."""

    name = inputs.CharField(label=_("The guardian's name"), max_length=120)
    email = inputs.EmailField(label=_("The guardian's e-mail address"))
    phone = phone_field(_("The guardian's telephone"))
