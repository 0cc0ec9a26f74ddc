"""What follows from the answer to "what do you study?": kinds of places, whether a programme is asked for, the age rules."""

from datetime import date

from backend.reference.enums import ProgrammeKind
from backend.reference.models import Programme
from backend.students.enums import Studies

# Compulsory school ends before July of the year in which one turns sixteen.
ENDS_AT_AGE, ENDS_BEFORE_MONTH = 16, 7
USUAL_FORMS = {
    Studies.COMPULSORY: ("prao",),
    Studies.UPPER_SECONDARY: ("apl", "feriejobb"),
    Studies.ADULT: ("praktik", "larlingsvux"),
    Studies.HIGHER: ("lia", "exjobb", "trainee"),
    Studies.NONE: ("praktik", "trainee"),
}
WITHOUT_WORKPLACE_LEARNING = ("praktik", "feriejobb")


def usual_forms(studies: str, programme: str = "") -> tuple[str, ...]:
    """Codes of the kinds of places that people with these studies look for; none when nobody has said what they study.

    programme: code of an upper secondary programme; one that prepares for university has no learning at workplaces.
    """
    if not studies:
        return ()
    if studies == Studies.UPPER_SECONDARY and programme:
        kind = Programme.objects.filter(pk=programme).values_list("kind", flat=True).first()
        if kind == ProgrammeKind.PREPARATORY:
            return WITHOUT_WORKPLACE_LEARNING
    return USUAL_FORMS[Studies(studies)]


def has_finished_compulsory_school(studies: str, birth_date: date, on: date) -> bool:
    """Whether someone with these studies has left compulsory school. Studies that nobody has stated say no."""
    if studies == Studies.NONE:
        return on >= date(birth_date.year + ENDS_AT_AGE, ENDS_BEFORE_MONTH, 1)
    return studies in {Studies.UPPER_SECONDARY, Studies.ADULT, Studies.HIGHER}


def asks_for_programme(studies: str) -> bool:
    """Only upper secondary school has the programmes that places ask for."""
    return studies in {"", Studies.UPPER_SECONDARY}


def studies_on_class_list(class_name: str, forms: tuple[str, ...], programme: str) -> str:
    """What a row of a class list says about the studies without saying it: a programme, a class as 9A, a kind of place."""
    if programme:
        return Studies.UPPER_SECONDARY
    if class_name.strip()[:1] in {"7", "8", "9"} or forms == ("prao",):
        return Studies.COMPULSORY
    return Studies.UPPER_SECONDARY if {"apl", "larling"}.intersection(forms) else ""
