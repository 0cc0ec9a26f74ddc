"""What skills a municipality can supply: who trains for what, where one learns at work and at school, what is asked for.

Made for everyone to see, so people are counted as in the open figures (`open_data.coarse`): without those with protected
identity, by municipality and programme, left out below five and rounded down to a multiple of five. Every larger sum of
people is a sum of these numbers, so that no total tells what was left out. Seats, organisations and vacancies are exact.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from backend.exchange.feeds.open_data import coarse
from backend.exchange.tables import Column
from backend.offers.models import DemandSignal, Offer, OfferPeriod
from backend.offers.selectors import open_offers
from backend.reference.enums import PlacementKind
from backend.reference.models import Municipality, OccupationField, Programme
from backend.students.models import Student

IN_TRAINING = Q(offer__form__kind=PlacementKind.TRAINING)


@dataclass(frozen=True)
class ProgrammeSupply:
    """students: in training, at least so many (rounded down to a multiple of five)."""

    code: str
    name: str
    students: int


@dataclass(frozen=True)
class FieldSupply:
    """An occupation field. work, training: seats at open places; organisations: that offer them; vacancies: advertised."""

    code: str
    name: str
    work: int = 0
    training: int = 0
    organisations: int = 0
    vacancies: int = 0


@dataclass(frozen=True)
class SkillsPicture:
    """Both lists begin with the largest. The organisations of a field may be counted in another field too."""

    programmes: list[ProgrammeSupply]
    fields: list[FieldSupply]
    organisations: int

    @property
    def students(self) -> int:
        return sum(row.students for row in self.programmes)

    @property
    def work(self) -> int:
        return sum(row.work for row in self.fields)

    @property
    def training(self) -> int:
        return sum(row.training for row in self.fields)

    @property
    def vacancies(self) -> int:
        return sum(row.vacancies for row in self.fields)


def skills_picture(municipality: Municipality | None = None) -> SkillsPicture:
    """Of one municipality, or of all of them together. Seven queries, however much there is."""
    code = municipality.pk if municipality else None
    offers = open_offers().order_by()
    if code:
        offers = offers.filter(workplace__municipality=code)
    return SkillsPicture(
        programmes=_programmes(code),
        fields=_fields(code, offers),
        organisations=offers.values("organisation").distinct().count(),
    )


def _students(code: str | None) -> Iterator[tuple[str, str, int]]:
    """Municipality, programme and the number that may be told. Those in an older plan count with its successor's."""
    found = (
        Student.objects.unprotected().filter(user__is_active=True).exclude(programme=None).exclude(municipality=None)
    )
    if code:
        found = found.filter(municipality=code)
    newest = Coalesce("programme__successor", "programme")
    rows = found.order_by().values_list("municipality", newest).annotate(number=Count("pk"))
    for town, programme, number in rows:
        told = coarse(number)
        if told:
            yield town, programme, told


def _programmes(code: str | None) -> list[ProgrammeSupply]:
    counts: dict[str, int] = defaultdict(int)
    for _town, programme, number in _students(code):
        counts[programme] += number
    names = Programme.objects.in_bulk(list(counts))
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [ProgrammeSupply(pk, names[pk].name, number) for pk, number in ordered]


def _fields(code: str | None, offers: "QuerySet[Offer]") -> list[FieldSupply]:
    """Of every occupation field in which there is something. Places that name no occupation stand last, without a code."""
    seats = (
        OfferPeriod.objects.filter(offer__in=offers.values("pk"))
        .order_by()
        .values_list("offer__occupation__field")
        .annotate(
            work=Sum("capacity", filter=~IN_TRAINING, default=0),
            training=Sum("capacity", filter=IN_TRAINING, default=0),
            organisations=Count("offer__organisation", distinct=True),
        )
    )
    signals = DemandSignal.objects.filter(removed_at__isnull=True)
    if code:
        signals = signals.filter(municipality=code)
    wanted = dict(signals.order_by().values_list("group__field").annotate(number=Sum("vacancies", default=0)))
    found = {field or "": (work, training, organisations) for field, work, training, organisations in seats}
    names = OccupationField.objects.in_bulk()
    rows = []
    for pk in {*found, *(field or "" for field in wanted)}:
        work, training, organisations = found.get(pk, (0, 0, 0))
        name = names[pk].name if pk in names else ""
        rows.append(FieldSupply(pk, name, work, training, organisations, wanted.get(pk or None, 0)))
    told = [row for row in rows if row.work or row.training or row.vacancies]
    return sorted(told, key=lambda row: (not row.code, -row.work - row.training, -row.vacancies, row.name))


def seats_by_municipality() -> dict[str, int]:
    """Seats at open places, of work and of training, by municipality code."""
    periods = OfferPeriod.objects.filter(offer__in=open_offers().order_by().values("pk"))
    rows = periods.exclude(offer__workplace__municipality=None).order_by()
    return dict(rows.values_list("offer__workplace__municipality").annotate(number=Sum("capacity", default=0)))


@dataclass(frozen=True)
class SkillsRow:
    """One number of the pictures, for programs. what: students, seats_at_work, seats_in_training or vacancies.

    code: of the programme (students) or of the occupation field; "" where a place names no occupation.
    """

    municipality_code: str
    municipality: str
    what: str
    code: str
    name: str
    number: int


def list_skills() -> Iterable[SkillsRow]:
    """Every number of every municipality's picture, in the order of the codes. Six queries, however much there is."""
    numbers: dict[tuple[str, str, str], int] = {
        (town, "students", programme): number for town, programme, number in _students(None)
    }
    for what, condition in (("seats_at_work", ~IN_TRAINING), ("seats_in_training", IN_TRAINING)):
        periods = OfferPeriod.objects.filter(condition, offer__in=open_offers().order_by().values("pk"))
        rows = periods.exclude(offer__workplace__municipality=None).order_by()
        for town, field, number in rows.values_list(
            "offer__workplace__municipality", "offer__occupation__field"
        ).annotate(number=Sum("capacity", default=0)):
            numbers[town, what, field or ""] = number
    signals = DemandSignal.objects.filter(removed_at__isnull=True).exclude(municipality=None).order_by()
    for town, field, number in signals.values_list("municipality", "group__field").annotate(
        number=Sum("vacancies", default=0)
    ):
        numbers[town, "vacancies", field or ""] = number
    towns = dict(Municipality.objects.values_list("pk", "name"))
    names = {
        **dict(OccupationField.objects.values_list("pk", "name_sv")),
        **dict(Programme.objects.values_list("pk", "name_sv")),
    }
    for (town, what, code), number in sorted(numbers.items()):
        if number:
            yield SkillsRow(town, towns[town], what, code, names.get(code, ""), number)


# Headings of open data are names that programs rely on: the same in every language.
SKILLS_COLUMNS: list[Column[SkillsRow]] = [
    Column(name, lambda row, name=name: getattr(row, name))  # type: ignore[misc]
    for name in SkillsRow.__dataclass_fields__
]
