"""The demo: fictitious people, companies and places, the same for the same day, scale and number.

What depends on a state (applications, matches, placements, the personas' offers) is made by the commands that the
interface uses, so logs, events and notifications are those of the real thing. The mass of offers and students is
inserted in bulk. Everything is one transaction.
"""

from dataclasses import dataclass
from time import perf_counter

from django.db import transaction

from backend.accounts.models import User
from backend.applications.models import Application
from backend.common import clock
from backend.common.models import LogEntry
from backend.common.transitions import log
from backend.offers.models import Offer
from backend.ops.seed.offers import plant_offers
from backend.ops.seed.organisations import plant_organisations
from backend.ops.seed.personas import NETWORK, Personas
from backend.ops.seed.plan import HOME, Plan, World
from backend.ops.seed.rounds import Rounds
from backend.ops.seed.settle import mark, settle, suppress_mails
from backend.ops.seed.stories import Stories
from backend.ops.seed.students import plant_students
from backend.organisations.models import Organisation
from backend.students.models import Student

ACTION = "demo.planted"
# Any number does; it keeps two seeds that start at once from planting twice.
LOCK = 5_620_817


@dataclass(frozen=True)
class SeedReport:
    """planted: False when the demo was there already. seconds: how long it took."""

    planted: bool
    organisations: int
    offers: int
    students: int
    applications: int
    suppressed_mails: int
    seconds: float


def planted_before() -> LogEntry | None:
    """The log row of the seed, None in a database without demo data."""
    return LogEntry.objects.filter(action=ACTION).first()


def seed(*, scale: float = 1.0, number: int = 2026) -> SeedReport:
    """Plants the demo once. A second call changes nothing, whatever its arguments.

    scale: 1 is the full demo, 0.1 a tenth of it (with enough of everything). number: another number gives other names,
    texts and choices. Dates are counted from today.
    """
    began = perf_counter()
    suppressed = 0
    planted = False
    with transaction.atomic():
        _wait_for_others()
        if planted_before() is None:
            suppressed = _plant(Plan(clock.today(), scale, number))
            planted = True
    return SeedReport(
        planted=planted,
        organisations=Organisation.objects.count(),
        offers=Offer.objects.count(),
        students=Student.objects.count(),
        applications=Application.objects.count(),
        suppressed_mails=suppressed,
        seconds=perf_counter() - began,
    )


def _wait_for_others() -> None:
    with transaction.get_connection().cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _plant(plan: Plan) -> int:
    since = mark()
    world = World()
    personas = Personas(plan, world)
    plant_organisations(plan, world)
    personas.plant_people()
    plant_offers(plan, world)
    plant_students(plan, world)
    stories = Stories(plan, world)
    stories.guardians()
    stories.accepted(3, decidable=False, home=HOME)
    stories.tell_all()
    personas.plant_elin()
    personas.plant_workshop()
    personas.tell()
    Rounds(plan, world, personas.coordinator).plant()
    settle(since)
    suppressed = suppress_mails(since)
    log(
        ACTION,
        User.objects.get(email=NETWORK),
        actor=None,
        data={"scale": plan.scale, "number": plan.number, "today": plan.today.isoformat()},
    )
    return suppressed
