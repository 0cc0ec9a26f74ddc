"""The people one logs in as in the demo, and what waits for each of them."""

from datetime import date, timedelta

from backend.accounts import totp
from backend.accounts.enums import RoleKind
from backend.accounts.models import Role
from backend.accounts.second_factor import enrol_app, keep_recovery_codes
from backend.applications.services import decline_application, offer_seat, submit_application, waitlist_application
from backend.common import clock
from backend.offers.details import OfferDetails, PeriodDetails
from backend.offers.models import Offer
from backend.offers.services import create_offer, publish_offer, submit_offer
from backend.ops.seed.jobs import Job, write
from backend.ops.seed.jobs_industry import ASSEMBLER, CNC_OPERATOR, MAINTENANCE, QUALITY, WELDER
from backend.ops.seed.jobs_municipal import SUMMER_COMPANY
from backend.ops.seed.names import registration_number
from backend.ops.seed.organisations import new_user
from backend.ops.seed.plan import HOME, Plan, World
from backend.organisations.services import WorkplaceDetails, register_organisation, save_workplace
from backend.reference.models import Programme
from backend.students.enums import Studies
from backend.students.models import Student
from backend.students.services import AlertDetails, ProfileDetails, add_guardian, save_alert, save_profile

STUDENT, COMPANY, GUARDIAN = "student@demo.example", "company@demo.example", "guardian@demo.example"
COORDINATOR, NETWORK = "coordinator@demo.example", "network@demo.example"
WORKSHOP = "Rosenforsens Mekaniska Verkstad AB"
WORKSHOP_NUMBER = 9000

NEIGHBOURS_WRITE = (
    "Jag har kört CNC i skolan i ett år och vill se hur det går till på riktigt.",
    "Min morbror har jobbat hos er. Jag är noggrann och kommer i tid.",
    "Jag svetsar MIG och MAG och vill bli bättre på tunn plåt.",
    "Jag gillar att mäta och rita. Kan börja när ni vill.",
    "Jag cyklar till er på tio minuter och har truckkort på gång.",
)


class Personas:
    """Elin, the workshop where she is offered a seat, her guardian, the coordinator of Finspång and the network office."""

    def __init__(self, plan: Plan, world: World) -> None:
        self.plan, self.world = plan, world
        self.random = plan.random("personas")

    def plant_people(self) -> None:
        """Those whom others need. Before students and offers."""
        self.coordinator = new_user(COORDINATOR, "Annika Strand")
        Role.objects.create(user=self.coordinator, kind=RoleKind.COORDINATOR, municipality_id=HOME)
        network = new_user(NETWORK, "Håkan Ek")
        Role.objects.create(user=network, kind=RoleKind.NETWORK)
        self.owner = new_user(COMPANY, "Karin Lindqvist")
        self.elin_user = new_user(STUDENT, "Elin Berg")
        new_user(GUARDIAN, "Maria Berg")
        for person in (self.coordinator, network, self.owner):
            secret = totp.make_secret()
            code = totp.code_of(secret, totp.step_at(clock.now()))
            enrol_app(actor=person, secret=secret, code=code, session_key="")
            keep_recovery_codes(actor=person)

    def plant_workshop(self) -> None:
        """Four published places, and two that wait for the coordinator."""
        self.workshop = register_organisation(
            actor=self.owner,
            name=WORKSHOP,
            registration_number=registration_number(WORKSHOP_NUMBER),
            municipality_code=HOME,
            about=(
                "Vi är 34 personer som tillverkar axlar, kopplingar och ventilhus till vattenkraft och papper. Varje år tar "
                "vi emot sex till åtta elever, och var tredje medarbetare har själv börjat som elev hos oss. "
                "(Påhittat företag i demon.)"
            ),
        )
        home = self.world.municipalities[HOME]
        self.workplace = save_workplace(
            actor=self.owner,
            organisation=self.workshop,
            details=WorkplaceDetails(
                name="Verkstaden vid forsen",
                municipality_code=HOME,
                address="Bruksvägen 12",
                city=home.name,
                lat=round(home.lat + 0.012, 5),
                lon=round(home.lon - 0.009, 5),
            ),
        )
        spring = self.plan.weeks_from(8, 4)
        self.cnc = self._published(CNC_OPERATOR, "apl", [(*spring, 2), (*self.plan.weeks_from(14, 4), 2)])
        self.welding = self._published(WELDER, "apl", [(*self.plan.weeks_from(13, 6), 1)])
        self.maintenance = self._published(MAINTENANCE, "larling", [(*self.plan.weeks_from(9, 16), 1)])
        self.summer = self._published(SUMMER_COMPANY[0], "feriejobb", [(*self.plan.summer_weeks(25, 27), 3)])
        submit_offer(actor=self.owner, offer_id=self._draft(QUALITY, "apl", [(*self.plan.weeks_from(15, 4), 1)]).pk)
        submit_offer(
            actor=self.owner, offer_id=self._draft(ASSEMBLER, "praktik", [(*self.plan.weeks_from(6, 4), 2)]).pk
        )
        self._draft(CNC_OPERATOR, "larling", [(*self.plan.weeks_from(20, 16), 1)])

    def _draft(self, job: Job, form: str, spans: list[tuple[date, date, int]]) -> Offer:
        text = write(job, "axlar och kopplingar till vattenkraftverk", self.random)
        return create_offer(
            actor=self.owner,
            organisation=self.workshop,
            details=OfferDetails(
                workplace_id=self.workplace.pk,
                form=form,
                title=text.title,
                tasks=text.tasks,
                occupation=job.occupation,
                programmes=job.both_series if form in {"apl", "larling"} else (),
                hazards=job.hazards,
                requirements=text.requirements,
                skills=text.skills,
                languages=["sv"],
                supervisor_name="Peter Holm",
                risk_assessed_on=self.plan.today - timedelta(days=40),
            ),
            periods=[PeriodDetails(start, end, seats) for start, end, seats in spans],
        )

    def _published(self, job: Job, form: str, spans: list[tuple[date, date, int]]) -> Offer:
        offer = self._draft(job, form, spans)
        submit_offer(actor=self.owner, offer_id=offer.pk)
        return publish_offer(actor=self.coordinator, offer_id=offer.pk)

    def plant_elin(self) -> None:
        """In her second year of the industrial programme, 17 years old, with a guardian who has not answered yet."""
        started = self.plan.school_year - 1
        programme = "IN25" if started >= 2025 and Programme.objects.filter(pk="IN25").exists() else "IN"
        self.elin = save_profile(
            actor=self.elin_user,
            details=ProfileDetails(
                birth_date=_years_before(self.plan.today, 17) - timedelta(days=150),
                municipality_code=HOME,
                school="Bruksgymnasiet",
                class_name="IN2",
                programme=programme,
                studies=Studies.UPPER_SECONDARY,
                forms=("apl", "larling", "feriejobb"),
                interests=("7223", "7212", "7233"),
                skills=("ritningsläsning", "mätteknik", "svarvning"),
                languages=("sv", "en"),
                max_distance_km=40,
            ),
        )
        save_alert(
            actor=self.elin_user,
            details=AlertDetails(name="CNC nära Finspång", group="7223", municipality_code=HOME, radius_km=40),
        )
        add_guardian(actor=self.elin_user, student_id=self.elin.pk, email=GUARDIAN, name="Maria Berg")

    def tell(self) -> None:
        """Applicants who wait at the workshop, a seat for Elin, and her other applications."""
        first, second = self.cnc.periods.all()
        offered = submit_application(
            actor=self.elin_user, period_id=first.pk, motivation="Jag vill bli CNC-operatör och bor tio minuter bort."
        )
        offer_seat(actor=self.owner, application_id=offered.pk, message="Välkommen! Ring Peter när du har bestämt dig.")
        welding = self.welding.periods.get()
        waiting = submit_application(actor=self.elin_user, period_id=welding.pk, motivation="Jag svetsar gärna också.")
        waitlist_application(actor=self.owner, application_id=waiting.pk)
        ended = submit_application(actor=self.elin_user, period_id=self.maintenance.periods.get().pk)
        decline_application(
            actor=self.owner, application_id=ended.pk, reason="programme", message="Sök gärna igen i år tre."
        )
        others = self._neighbours()
        for number, student in enumerate(others):
            period = (first, second, welding, first, second)[number % 5]
            submit_application(actor=student.user, period_id=period.pk, motivation=NEIGHBOURS_WRITE[number])

    def _neighbours(self) -> list[Student]:
        """Five more students of the programme, from home first."""
        fitting = [
            row
            for row in self.world.students
            if row.programme_id in {"IN", "IN25"} and not row.is_protected and not row.applications.exists()
        ]
        return sorted(fitting, key=lambda row: (row.municipality_id != HOME, row.pk))[:5]


def _years_before(day: date, years: int) -> date:
    return date(day.year - years, day.month, min(day.day, 28))
