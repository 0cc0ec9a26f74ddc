"""A school's class list: each row becomes a student on the list of a class, with an account and an invitation when new."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from backend.common import clock
from backend.exchange.fields import ImportField, RowReader
from backend.exchange.importers import Applied, Importer, ProgrammeCodes, form_codes
from backend.exchange.models import ImportJob
from backend.reference.models import PlacementForm, Programme
from backend.reference.models.mixins import fold
from backend.students.enrolment import EnrolmentDetails, enrol_student
from backend.students.groups import GroupDetails, add_members, create_group
from backend.students.models import GroupMembership, StudentGroup

AUGUST = 8
FIELDS = (
    ImportField(
        "email",
        _("E-mail address"),
        "elev@skola.example",
        ("e-post", "epost", "mejl", "mail", "epostadress", "mejladress", "mailadress", "email", "elevens e-post"),
        required=True,
    ),
    ImportField(
        "name",
        _("Name"),
        "Maja Lind",
        ("namn", "elev", "student", "elevens namn", "elevnamn", "pupil"),
        required=True,
        help=_("Or first name and last name in two columns."),
        instead=("first_name", "last_name"),
    ),
    ImportField("first_name", _("First name"), "", ("förnamn", "tilltalsnamn", "given name")),
    ImportField("last_name", _("Last name"), "", ("efternamn", "surname", "family name")),
    ImportField(
        "class_name", _("Class"), "8B", ("klass", "grupp", "group", "class", "undervisningsgrupp"), required=True
    ),
    ImportField("school", _("School"), "Bergska skolan", ("skola", "skolenhet", "skolans namn"), required=True),
    ImportField(
        "birth_date",
        _("Date of birth"),
        "2012-05-01",
        ("födelsedatum", "född", "födelsedag", "birthday", "birth date", "personnummer"),
        required=True,
        help=_("Only the date, never the last four digits."),
    ),
    ImportField(
        "school_year",
        _("School year"),
        "2026/27",
        ("läsår", "termin", "term"),
        help=_("2026/27, or a term such as HT26. Empty: the present one."),
    ),
    ImportField(
        "programme",
        _("Programme"),
        "IN",
        ("program", "studieväg", "studievägskod", "programkod", "inriktning"),
        help=_("The programme's name or code, or the code of a study path such as INPRO or BA25BYG."),
    ),
    ImportField("forms", _("Looking for"), "prao", ("praktikform", "söker", "typ av plats")),
    ImportField("has_finished_compulsory_school", _("Finished compulsory school"), "nej", ("avslutad grundskola",)),
)


def school_year_of_today() -> int:
    """The year the present school year began in; it changes on 1 August."""
    today = clock.today()
    return today.year if today.month >= AUGUST else today.year - 1


class ClassListImporter(Importer):
    """Rows of one municipality. Classes that do not exist yet are made."""

    fields = FIELDS
    columns = {"group_name": "class_name", "municipality": ""}

    def __init__(self, job: ImportJob) -> None:
        super().__init__(job)
        assert job.municipality_id is not None
        self.municipality_code: str = job.municipality_id
        self.programmes = ProgrammeCodes(Programme.objects.all())
        self.forms = form_codes(PlacementForm.objects.all())
        self.default_form = str(job.options.get("form", "")) or "prao"
        groups = StudentGroup.objects.filter(municipality=self.municipality_code)
        self.groups = {(fold(each.school), fold(each.name), each.school_year): each.pk for each in groups}
        self.seen: dict[str, int] = {}

    def apply(self, cells: Mapping[str, str], line: int) -> Applied:
        reader = RowReader(cells)
        email = reader.email("email")
        if email and email in self.seen:
            reader.wrong("email", _("Line %(line)d has the same address.") % {"line": self.seen[email]})
        self.seen.setdefault(email, line)
        birth_date = reader.birth_date("birth_date")
        forms = reader.many_of("forms", self.forms) or [self.default_form]
        year = reader.school_year("school_year", default=school_year_of_today())
        values: dict[str, Any] = {
            "name": reader.person_name("name", "first_name", "last_name"),
            "school": reader.text("school", required=True),
            "class_name": reader.text("class_name", required=True),
            "programme": reader.one_of("programme", self.programmes, guess=self.programmes.of_study_path),
            # Class, programme and kind of place tell it, unless the file does.
            "has_finished_compulsory_school": (
                reader.yes("has_finished_compulsory_school") if reader.text("has_finished_compulsory_school") else None
            ),
        }
        reader.stop_if_wrong()
        assert birth_date is not None
        details = EnrolmentDetails(email=email, birth_date=birth_date, forms=forms, **values)
        return self._enrol(details, year)

    def _enrol(self, details: EnrolmentDetails, year: int) -> Applied:
        made: dict[str, int] = {}
        student, outcome = enrol_student(
            actor=self.job.actor, municipality_code=self.municipality_code, details=details
        )
        if outcome == "created":
            made["student"] = student.pk
        key = (fold(details.school), fold(details.class_name), year)
        group_id = self.groups.get(key)
        if group_id is None:
            group = create_group(
                actor=self.job.actor,
                details=GroupDetails(details.class_name, details.school, self.municipality_code, year),
            )
            group_id = made["group"] = group.pk
        changed = add_members(actor=self.job.actor, group_id=group_id, student_ids=[student.pk])
        # Only now: a group of a row that fails is rolled back with it.
        self.groups[key] = group_id
        if changed.added:
            made["membership"] = GroupMembership.objects.get(group=group_id, student=student).pk
        if outcome == "unchanged" and changed.added:
            outcome = "updated"
        return Applied(outcome, made)

    @classmethod
    def known_values(cls) -> Iterable[tuple[str, str, str]]:
        for kind, rows in (
            (_("Looking for"), PlacementForm.objects.order_by("position")),
            (_("Programme"), Programme.objects.order_by("code")),
        ):
            for row in rows:
                yield str(kind), row.pk, row.name
