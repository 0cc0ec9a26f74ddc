"""The offers of the demo: texts from `jobs`, dates counted from today, states as they occur."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random

from backend.common import clock
from backend.common.models import DomainEvent, LogEntry
from backend.offers.enums import CloseReason, OfferState
from backend.offers.models import Offer, OfferPeriod
from backend.ops.seed.jobs import Job, write
from backend.ops.seed.jobs_industry import TRADES as INDUSTRY
from backend.ops.seed.jobs_municipal import MUNICIPAL, PRAO, PRAO_MUNICIPAL, SUMMER, SUMMER_COMPANY, TRAINING
from backend.ops.seed.jobs_services import TRADES as SERVICES
from backend.ops.seed.names import GROWN_UPS, full_name
from backend.ops.seed.organisations import TOWN_HALL, UNIT, UNIT_PRODUCT, UNIT_SITES
from backend.ops.seed.plan import Plan, World
from backend.organisations.models import Organisation, Workplace

TRADE_OF = {trade.code: trade for trade in (*INDUSTRY, *SERVICES)}
# Of twenty offers, so many are in each state.
STATES = (
    *[OfferState.PUBLISHED] * 16,
    OfferState.SUBMITTED,
    OfferState.DRAFT,
    OfferState.PAUSED,
    OfferState.CLOSED,
)
WEEKS = {
    "apl": (3, 8),
    "larling": (12, 20),
    "larlingsvux": (16, 30),
    "lia": (8, 12),
    "praktik": (2, 10),
    "exjobb": (10, 20),
    "trainee": (26, 48),
    "prao": (1, 2),
    "yrkesvux": (38, 42),
    "gymnasieutbildning": (40, 44),
}
# Which of the prao weeks suits the trade; the workshop's otherwise.
PRAO_AT = {"it": 2, "transport": 1, "trade": 1, "food": 1}
SEATS = {"prao": (1, 4), "feriejobb": (2, 12), "yrkesvux": (12, 24), "gymnasieutbildning": (4, 16)}


def plant_offers(plan: Plan, world: World) -> None:
    random = plan.random("offers")
    products = {company.pk: random.choice(TRADE_OF[world.trades[company.pk]].products) for company in world.companies}
    counted: Counter[str] = Counter()
    offers: list[Offer] = []
    jobs: list[Job] = []
    periods: list[OfferPeriod] = []
    for number in range(plan.offers):
        is_unit = number % 4 == 3
        pool = world.units if is_unit else world.companies
        organisation = pool[(number // 4 if is_unit else number) % len(pool)]
        job = _job_for(organisation, world, random, number)
        offer = _offer(plan, world, organisation, job, products.get(organisation.pk, UNIT_PRODUCT), random)
        site = offer.workplace.municipality_id or ""
        offer.state = STATES[(len(STATES) // 2 + counted[site]) % len(STATES)]
        counted[site] += 1
        offers.append(offer)
        jobs.append(job)
        periods.extend(_periods(plan, offer, random))
    _date(plan, offers, periods, random)
    Offer.objects.bulk_create(offers)
    OfferPeriod.objects.bulk_create(periods)
    _link(offers, jobs)
    world.offers.extend(offers)
    _record(world, offers)


def _job_for(organisation: Organisation, world: World, random: Random, number: int) -> Job:
    if world.trades[organisation.pk] == UNIT:
        if organisation.name.startswith("Vux"):
            return random.choice(TRAINING)
        return random.choice((*MUNICIPAL, *MUNICIPAL, *SUMMER, *PRAO_MUNICIPAL))
    if number % 10 == 5:
        return PRAO[PRAO_AT.get(world.trades[organisation.pk], 0)]
    if number % 20 == 8:
        return random.choice(SUMMER_COMPANY)
    return random.choice(TRADE_OF[world.trades[organisation.pk]].jobs)


def _offer(plan: Plan, world: World, organisation: Organisation, job: Job, product: str, random: Random) -> Offer:
    text = write(job, product, random)
    return Offer(
        organisation=organisation,
        workplace=_site(world, organisation, job, random),
        form_id=random.choice(job.forms),
        occupation_id=job.occupation,
        title=text.title,
        tasks=text.tasks,
        requirements=text.requirements,
        skills=text.skills,
        languages=["sv", "en"] if job.occupation in {"2512", "2144", "3113"} else ["sv"],
        supervisor_name=full_name(random, GROWN_UPS),
        risk_assessed_on=plan.today - timedelta(days=random.randint(5, 300)) if random.random() < 0.8 else None,
    )


def _site(world: World, organisation: Organisation, job: Job, random: Random) -> Workplace:
    sites = world.workplaces[organisation.pk]
    if world.trades[organisation.pk] == UNIT and len(sites) > 1:
        wanted = UNIT_SITES.get(job.occupation, TOWN_HALL)
        return next(site for site in sites if site.name == wanted)
    return random.choice(sites)


def _periods(plan: Plan, offer: Offer, random: Random) -> list[OfferPeriod]:
    least, most = SEATS.get(offer.form_id, (1, 3))
    if offer.form_id == "feriejobb":
        spans = [plan.summer_weeks(first, first + 2) for first in (25, 28, 31)[: random.randint(1, 3)]]
    else:
        shortest, longest = WEEKS[offer.form_id]
        weeks = random.randint(shortest, longest)
        first = random.randint(3, 9)
        spans = [plan.weeks_from(first, weeks)]
        if random.random() < 0.45 and weeks <= 12:
            spans.append(plan.weeks_from(first + weeks + random.randint(2, 10), weeks))
    return [OfferPeriod(offer=offer, start=a, end=b, capacity=random.randint(least, most)) for a, b in spans]


def _date(plan: Plan, offers: list[Offer], periods: list[OfferPeriod], random: Random) -> None:
    """When each offer was written, sent in, published and closed."""
    now = clock.now()
    first_day = {id(offer): min(p.start for p in periods if p.offer is offer) for offer in offers}
    for offer in offers:
        written = now - timedelta(days=random.randint(2, 45), minutes=random.randint(0, 600))
        if offer.state != OfferState.DRAFT:
            offer.submitted_at = written
        if offer.state in {OfferState.PUBLISHED, OfferState.PAUSED, OfferState.CLOSED}:
            offer.published_at = written + timedelta(days=1)
        if offer.state == OfferState.CLOSED:
            offer.closed_at, offer.close_reason = now - timedelta(days=1), CloseReason.BY_HAND
        elif random.random() < 0.5:
            last_day = first_day[id(offer)] - timedelta(days=random.choice((10, 14, 17)))
            offer.apply_by = last_day if last_day > plan.today + timedelta(days=3) else None


def _link(offers: list[Offer], jobs: list[Job]) -> None:
    Programmes, Hazards = Offer.programmes.through, Offer.hazards.through  # noqa: N806 - they are models
    Programmes.objects.bulk_create(
        Programmes(offer_id=offer.pk, programme_id=code)
        for offer, job in zip(offers, jobs, strict=True)
        for code in (job.both_series if offer.form_id in {"apl", "larling"} else ())
    )
    Hazards.objects.bulk_create(
        Hazards(offer_id=offer.pk, hazardflag_id=code)
        for offer, job in zip(offers, jobs, strict=True)
        for code in job.hazards
    )


def _record(world: World, offers: Iterable[Offer]) -> None:
    """The log of what the bulk insert stands for, and the events by which a running index hears of it.

    The events get no handlings: 300 published offers at once would wake 2,000 students.
    """
    rows: list[LogEntry] = []
    happened: list[DomainEvent] = []
    for offer in offers:
        owner, site = world.owners[offer.organisation_id], offer.workplace.municipality_id
        steps: list[tuple[str, datetime | None, int]] = [
            ("offer.created", offer.submitted_at or clock.now(), owner.pk),
            ("offer.submitted", offer.submitted_at, owner.pk),
            ("offer.published", offer.published_at, world.coordinators[site or ""].pk),
            ("offer.closed", offer.closed_at, owner.pk),
        ]
        rows.extend(
            LogEntry(action=action, subject_type="offer", subject_id=offer.pk, actor_id=actor, at=at)
            for action, at, actor in steps
            if at is not None
        )
        if offer.state != OfferState.DRAFT:
            happened.append(
                DomainEvent(kind=f"offer.{offer.state}", subject_type="offer", subject_id=offer.pk, at=clock.now())
            )
    LogEntry.objects.bulk_create(rows)
    DomainEvent.objects.bulk_create(happened)
