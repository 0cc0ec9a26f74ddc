"""A school's class list: each row becomes a student on the list of a class, with an account and an invitation when new."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from backend.accounts.selectors import find_person_by_email
from backend.common import clock
from backend.common.errors import DomainError
from backend.common.text import clean_address
from backend.exchange.fields import ImportField, RowProblems, RowReader, turned_round
from backend.exchange.importers import Applied, Importer, ProgrammeCodes, Turn, form_codes, language_codes
from backend.exchange.models import ImportJob
from backend.reference.models import PlacementForm, Programme
from backend.reference.models.mixins import fold
from backend.students.addresses import correct_address
from backend.students.enrolment import EnrolmentDetails, enrol_student, enrol_students
from backend.students.groups import GroupDetails, create_group, leave_school_list, move_to_group
from backend.students.models import GroupMembership, Student, StudentGroup
from backend.students.policies import is_minor, may_list
from backend.students.services import add_guardian

AUGUST = 8
SAME_STUDENT = "same_student"
# Stands for a student of this file who is not made yet.
EARLIER_ROW = 0
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
    ImportField(
        "languages",
        _("Languages"),
        "svenska, arabiska",
        ("språk", "talar", "språkkunskaper"),
        help=_("Those the student speaks well enough for a place. Empty: the student says it."),
    ),
    ImportField(
        "guardian1_name",
        _("Guardian 1, name"),
        "Eva Lind",
        ("vårdnadshavare", "vårdnadshavare 1", "vårdnadshavare 1 namn", "vh1", "vh1 namn", "guardian"),
    ),
    ImportField(
        "guardian1_email",
        _("Guardian 1, e-mail"),
        "eva.lind@hem.example",
        (
            "vårdnadshavare e-post",
            "vårdnadshavare 1 e-post",
            "vårdnadshavare 1 mejl",
            "e-post vårdnadshavare 1",
            "vh1 e-post",
            "vh1 mejl",
            "vh1 epost",
        ),
        help=_("Guardians of those under 18 are asked for consent by mail. Empty: the student names them."),
    ),
    ImportField(
        "guardian1_phone",
        _("Guardian 1, telephone"),
        "070-174 06 05",
        (
            "vårdnadshavare telefon",
            "vårdnadshavare mobil",
            "telefon vårdnadshavare",
            "vårdnadshavare 1 telefon",
            "vårdnadshavare 1 telefonnummer",
            "vårdnadshavare 1 mobil",
            "telefon vårdnadshavare 1",
            "mobil vårdnadshavare 1",
            "vh1 telefon",
            "vh1 mobil",
            "vh1 tel",
            "guardian 1 phone",
        ),
        help=_("For whoever has to call about the consent. The company never sees it."),
    ),
    ImportField(
        "guardian2_name", _("Guardian 2, name"), "", ("vårdnadshavare 2", "vårdnadshavare 2 namn", "vh2", "vh2 namn")
    ),
    ImportField(
        "guardian2_email",
        _("Guardian 2, e-mail"),
        "",
        (
            "vårdnadshavare 2 e-post",
            "vårdnadshavare 2 mejl",
            "e-post vårdnadshavare 2",
            "vh2 e-post",
            "vh2 mejl",
            "vh2 epost",
        ),
    ),
    ImportField(
        "guardian2_phone",
        _("Guardian 2, telephone"),
        "",
        (
            "vårdnadshavare 2 telefon",
            "vårdnadshavare 2 telefonnummer",
            "vårdnadshavare 2 mobil",
            "telefon vårdnadshavare 2",
            "mobil vårdnadshavare 2",
            "vh2 telefon",
            "vh2 mobil",
            "vh2 tel",
            "guardian 2 phone",
        ),
    ),
    ImportField("has_finished_compulsory_school", _("Finished compulsory school"), "nej", ("avslutad grundskola",)),
    ImportField(
        "postcode",
        _("Postcode"),
        "612 31",
        ("postnummer", "postnr", "zip", "zip code"),
        help=_("For distances. Only the town is kept, never the postcode."),
    ),
    ImportField("town", _("Town"), "Finspång", ("ort", "postort", "bostadsort", "hemort", "city")),
)


def school_year_of_today() -> int:
    """The year the present school year began in; it changes on 1 August."""
    today = clock.today()
    return today.year if today.month >= AUGUST else today.year - 1


@dataclass(frozen=True)
class _Row:
    """A line of the file as it was read. group: folded school and class, and the year. guardians: of each the field, name,
    address and telephone.
    """

    line: int
    details: EnrolmentDetails
    group: tuple[str, str, int]
    guardians: Sequence[tuple[str, str, str, str]]

    @property
    def pupil(self) -> tuple[date, str]:
        """What tells a student with another address."""
        return self.details.birth_date, fold(self.details.name)


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
        self.languages = language_codes()
        self.default_form = str(job.options.get("form", "")) or "prao"
        groups = StudentGroup.objects.filter(municipality=self.municipality_code)
        self.groups = {(fold(each.school), fold(each.name), each.school_year): each.pk for each in groups}
        self.seen: dict[str, int] = {}
        self.answers: dict[str, str] = job.options.get("answers", {})
        # Who is on which list by this file, and who was before it, by the list's id.
        self.listed: dict[int, set[int]] = {}
        # Who comes to which list, with what the row has made so far.
        self.coming: dict[int, dict[int, dict[str, int]]] = {}
        self.present: dict[int, set[int]] = {}
        known = list(
            may_list(job.actor)
            .filter(municipality=self.municipality_code)
            .values_list("pk", "birth_date", "user__name", "user__email")
        )
        self.pupils: dict[tuple[date, str], int] = {(born, fold(name)): pk for pk, born, name, _email in known}
        self.addresses: dict[int, str] = {pk: email for pk, _born, _name, email in known}
        self.waiting: list[_Row] = []

    def collect(self, cells: Mapping[str, str], line: int) -> Turn:
        """What needs nobody's answer and names no guardian can wait; the first of a new class makes the class."""
        row = self._read(cells, line)
        twin = self.pupils.get(row.pupil)
        is_clear = twin is None or self.addresses.get(twin) == clean_address(row.details.email)
        if row.guardians or not is_clear:
            return Turn.AFTER_OTHERS
        if row.group not in self.groups:
            return Turn.AT_ONCE
        self.pupils.setdefault(row.pupil, EARLIER_ROW)
        self.waiting.append(row)
        return Turn.WITH_OTHERS

    def apply_collected(self) -> dict[int, Applied | DomainError]:
        rows, self.waiting = self.waiting, []
        for row in rows:
            if self.pupils.get(row.pupil) == EARLIER_ROW:
                del self.pupils[row.pupil]
        results = enrol_students(
            actor=self.job.actor, municipality_code=self.municipality_code, rows=[row.details for row in rows]
        )
        found: dict[int, Applied | DomainError] = {}
        for row, result in zip(rows, results, strict=True):
            if isinstance(result, DomainError):
                found[row.line] = result
                continue
            student, outcome = result
            made = {"student": student.pk} if outcome == "created" else {}
            found[row.line] = self._listed(row, student, outcome, self.groups[row.group], made)
        return found

    def apply(self, cells: Mapping[str, str], line: int) -> Applied:
        row = self._read(cells, line)
        return self._enrol(replace(row, details=self._same_or_new(row.details, line)))

    def _read(self, cells: Mapping[str, str], line: int) -> "_Row":
        reader = RowReader(cells)
        email = reader.email("email")
        if email and self.seen.get(email, line) != line:
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
            "languages": reader.many_of("languages", self.languages),
            # Class, programme and kind of place tell it, unless the file does.
            "has_finished_compulsory_school": (
                reader.yes("has_finished_compulsory_school") if reader.text("has_finished_compulsory_school") else None
            ),
        }
        values["home_places"] = tuple(filter(None, (reader.text("postcode"), reader.text("town"))))
        guardians = []
        for number in ("1", "2"):
            field = f"guardian{number}_email"
            name, address = reader.text(f"guardian{number}_name"), reader.email(field, required=False)
            phone = reader.phone(f"guardian{number}_phone")
            if (name or phone) and not address:
                reader.wrong(field, _("Write the guardian's e-mail address as well, or leave the guardian out."))
            elif address:
                guardians.append((field, turned_round(name), address, phone))
        reader.stop_if_wrong()
        assert birth_date is not None
        details = EnrolmentDetails(email=email, birth_date=birth_date, forms=forms, **values)
        return _Row(line, details, (fold(details.school), fold(details.class_name), year), guardians)

    def _same_or_new(self, details: EnrolmentDetails, line: int) -> EnrolmentDetails:
        """Asks about a new address for a name and a date of birth that are known, and does what the person has answered."""
        twin = self.pupils.get((details.birth_date, fold(details.name)))
        answer = self.answers.get(str(line), "")
        if twin is None or answer == "new" or find_person_by_email(details.email) is not None:
            return details
        if answer != "same":
            raise RowProblems(
                [
                    (
                        "email",
                        _(
                            "A student of this name and date of birth has another address. Say whether it is the same one."
                        ),
                    )
                ],
                question={"kind": SAME_STUDENT, "student": twin},
            )
        if correct_address(actor=self.job.actor, student_id=twin, email=details.email):
            return details
        # Whoever has logged in has proved the present address and changes it themselves.
        return replace(details, email=Student.objects.select_related("user").get(pk=twin).user.email)

    def _enrol(self, row: "_Row") -> Applied:
        made: dict[str, int] = {}
        details = row.details
        student, outcome = enrol_student(
            actor=self.job.actor, municipality_code=self.municipality_code, details=details
        )
        if outcome == "created":
            made["student"] = student.pk
        group_id = self.groups.get(row.group)
        if group_id is None:
            year = row.group[-1]
            group = create_group(
                actor=self.job.actor,
                details=GroupDetails(details.class_name, details.school, self.municipality_code, year),
            )
            group_id = made["group"] = group.pk
        if self._name_guardians(student, row.guardians, made) and outcome == "unchanged":
            outcome = "updated"
        # Only now: the group and the student of a row that fails are rolled back with it.
        return self._listed(row, student, outcome, group_id, made)

    def _listed(self, row: "_Row", student: Student, outcome: str, group_id: int, made: dict[str, int]) -> Applied:
        """Remembers who is on which list, for the end of the file."""
        was_there = student.pk in self._present(group_id)
        if not was_there:
            self.coming.setdefault(group_id, {})[student.pk] = made
        self.groups[row.group] = group_id
        self.listed.setdefault(group_id, set()).add(student.pk)
        self.pupils.setdefault(row.pupil, student.pk)
        self.addresses.setdefault(student.pk, clean_address(row.details.email))
        return Applied("updated" if outcome == "unchanged" and not was_there else outcome, made)

    def _present(self, group_id: int) -> set[int]:
        """Who was on the list before this file."""
        if group_id not in self.present:
            found = GroupMembership.objects.filter(group=group_id).values_list("student", flat=True)
            self.present[group_id] = set(found)
        return self.present[group_id]

    def _name_guardians(
        self, student: Student, guardians: Sequence[tuple[str, str, str, str]], made: dict[str, int]
    ) -> bool:
        """Whether somebody was named or confirmed, or has another number. An adult decides alone: guardians a list still
        has are passed over.
        """
        is_new = False
        for number, (field, name, email, phone) in enumerate(guardians, start=1):
            known = find_person_by_email(email)
            standing = student.guardianships.filter(guardian=known).first() if known else None
            is_known = standing is not None and standing.is_confirmed and phone in {"", standing.phone}
            if not is_minor(student) or is_known:
                continue
            try:
                guardianship = add_guardian(
                    actor=self.job.actor, student_id=student.pk, email=email, name=name, phone=phone
                )
            except DomainError as error:
                raise RowProblems([(field, error.message)]) from error
            is_new = True
            if standing:
                # The student had named them: the list confirms it, and an undo of the file leaves them there.
                continue
            made[f"guardianship{number}"] = guardianship.pk
            if known is None:
                made[f"guardian{number}"] = guardianship.guardian_id
        return is_new

    def _put_on_lists(self) -> None:
        """All of a class at once; the rows learn what an undo has to know."""
        for group_id, made in self.coming.items():
            left = move_to_group(actor=self.job.actor, group_id=group_id, student_ids=list(made))
            memberships = GroupMembership.objects.filter(group=group_id, student__in=list(made))
            for pk, student_id in memberships.values_list("pk", "student"):
                made[student_id]["membership"] = pk
                if student_id in left and "student" not in made[student_id]:
                    made[student_id] |= {"left_group": left[student_id], "moved": student_id}

    def finish(self, *, is_complete: bool) -> dict[str, Any]:
        """Takes those off their lists who have left, as the person has said, and names the others whom the file misses.
        Whose row is left out has not left the class: then nobody is missing.
        """
        self._put_on_lists()
        if not is_complete:
            return {"missing": [], "taken_off": []}
        missing = [
            (group_id, student_id)
            for group_id, students in sorted(self.listed.items())
            for student_id in sorted(self._present(group_id) - students)
        ]
        # Who moved to another class of this file has left no school.
        moved = set().union(*self.listed.values()) if self.listed else set()
        known = set(may_list(self.job.actor).filter(pk__in=[pk for _group, pk in missing]).values_list("pk", flat=True))
        missing = [(group, pk) for group, pk in missing if pk in known - moved]
        said = set(self.job.options.get("left", []))
        taken_off = [(group, pk) for group, pk in missing if pk in said]
        for group_id, student_id in taken_off:
            leave_school_list(actor=self.job.actor, group_id=group_id, student_id=student_id)
        return {"missing": missing, "taken_off": taken_off}

    @classmethod
    def known_values(cls) -> Iterable[tuple[str, str, str]]:
        for kind, rows in (
            (_("Looking for"), PlacementForm.objects.order_by("position")),
            (_("Programme"), Programme.objects.order_by("code")),
        ):
            for row in rows:
                yield str(kind), row.pk, row.name
