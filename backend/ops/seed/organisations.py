"""Coordinators, companies and municipal units of the demo, with their workplaces."""

from typing import Any

from allauth.account.models import EmailAddress

from backend.accounts.enums import RoleKind
from backend.accounts.models import Role, User
from backend.common import clock
from backend.ops.seed.jobs import Trade
from backend.ops.seed.jobs_industry import TRADES as INDUSTRY
from backend.ops.seed.jobs_services import TRADES as SERVICES
from backend.ops.seed.names import GROWN_UPS, PLACES, ascii_part, full_name, registration_number
from backend.ops.seed.plan import HOME, Plan, World
from backend.organisations.enums import MembershipRole, OrganisationConfirmation, OrganisationKind
from backend.organisations.models import Membership, Organisation, Workplace
from backend.organisations.municipality_settings import MunicipalityChoices, save_municipality_settings
from backend.organisations.services import set_trust
from backend.reference.enums import PositionSource
from backend.reference.models import Municipality

# Industry twice: these are industrial municipalities.
TRADES: tuple[Trade, ...] = (*INDUSTRY, *SERVICES, *INDUSTRY)
UNIT = "municipal"
UNIT_PRODUCT = "skolor, boenden och kontor"
# Occupation group to the unit's workplace; the others are at the town hall.
UNIT_SITES = {
    "5321": "Äldreboendet Linden",
    "5330": "Äldreboendet Linden",
    "5311": "Förskolan Kotten",
    "6113": "Park och fastighet",
    "5152": "Park och fastighet",
    "5120": "Centralköket",
    "9412": "Centralköket",
    "3423": "Fritidsgården Stationen",
}
TOWN_HALL = "Kommunhuset"
SPREAD = 0.07  # degrees around the municipality's centre: some kilometres


def new_user(email: str, name: str) -> User:
    """A user who can log in by a code sent to the address, known to be theirs."""
    return User.objects.create_user(email, name=name)


def plant_organisations(plan: Plan, world: World) -> None:
    random = plan.random("organisations")
    world.municipalities = Municipality.objects.in_bulk(plan.municipalities)
    people = [f"samordnare.{ascii_part(world.municipalities[code].name)}@demo.example" for code in plan.municipalities]
    names = [full_name(random, GROWN_UPS) for _code in plan.municipalities]
    users = _users(list(zip(people, names, strict=True)))
    world.coordinators = dict(zip(plan.municipalities, users, strict=True))
    Role.objects.bulk_create(
        Role(user=user, kind=RoleKind.COORDINATOR, municipality_id=code) for code, user in world.coordinators.items()
    )
    _companies(plan, world)
    _units(plan, world)
    _settings(plan, world)


def _users(pairs: list[tuple[str, str]]) -> list[User]:
    users = [User(email=email, name=name) for email, name in pairs]
    for user in users:
        user.set_unusable_password()
    save_users(users)
    return users


def save_users(users: list[User]) -> None:
    """Saves them as `create_user` does one: with the address confirmed, or the first login would ask for two codes."""
    User.objects.bulk_create(users, batch_size=1000)
    EmailAddress.objects.bulk_create(
        (EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in users), batch_size=1000
    )


def _confirmed() -> dict[str, Any]:
    """As a coordinator does it who has looked the organisation up."""
    return {"confirmation": OrganisationConfirmation.REGISTER, "confirmed_at": clock.now()}


def _companies(plan: Plan, world: World) -> None:
    random = plan.random("companies")
    taken: set[str] = set()
    homes: list[Municipality] = []
    for number in range(plan.companies):
        trade = TRADES[number % len(TRADES)]
        home = world.municipalities[HOME if number % 8 == 5 else plan.municipalities[number % len(plan.municipalities)]]
        name = f"{random.choice(PLACES)}s {random.choice(trade.suffixes)}".replace("ss ", "s ")
        while name in taken:
            name = f"{random.choice(PLACES)}s {random.choice(trade.suffixes)}".replace("ss ", "s ")
        taken.add(name)
        homes.append(home)
        world.companies.append(
            Organisation(
                name=name,
                kind=OrganisationKind.COMPANY,
                registration_number=registration_number(number),
                municipality=home,
                **({} if number % 11 == 10 else _confirmed()),
                about=f"{random.choice(trade.about).format(people=random.randint(6, 220))} (Påhittat företag i demon.)",
            )
        )
    Organisation.objects.bulk_create(world.companies)
    owners = _users(
        [(f"foretag{number + 1}@demo.example", full_name(random, GROWN_UPS)) for number in range(plan.companies)]
    )
    _join(world, world.companies, owners)
    places: list[Workplace] = []
    for number, (company, home) in enumerate(zip(world.companies, homes, strict=True)):
        world.trades[company.pk] = TRADES[number % len(TRADES)].code
        sites = [home]
        if number % 5 == 4:
            sites.append(world.municipalities[random.choice(plan.municipalities)])
        for index, site in enumerate(sites):
            label = company.name.removesuffix(" AB") if index == 0 else f"{company.name.removesuffix(' AB')}, filial"
            street = random.choice(("Industrigatan", "Bruksvägen", "Verkstadsgatan", "Hamngatan", "Stationsgatan"))
            places.append(
                Workplace(
                    organisation=company,
                    name=label,
                    address=f"{street} {random.randint(1, 60)}",
                    city=site.name,
                    municipality=site,
                    lat=round(site.lat + random.uniform(-SPREAD, SPREAD), 5),
                    lon=round(site.lon + random.uniform(-SPREAD, SPREAD), 5),
                    position_source=PositionSource.PIN,
                )
            )
    _keep(world, places)


def _units(plan: Plan, world: World) -> None:
    """One municipal unit each, and one in adult education. No registration numbers: those of real municipalities are theirs."""
    random = plan.random("units")
    for code in plan.municipalities:
        home = world.municipalities[code]
        for name, kind in (
            (home.full_name, OrganisationKind.MUNICIPAL_UNIT),
            (f"Vuxenutbildningen i {home.name}", OrganisationKind.MUNICIPAL_UNIT),
        ):
            about = "Demo: påhittade platser."
            world.units.append(Organisation(name=name, kind=kind, municipality=home, about=about, **_confirmed()))
    Organisation.objects.bulk_create(world.units)
    owners = _users(
        [(f"enhet{number + 1}@demo.example", full_name(random, GROWN_UPS)) for number in range(len(world.units))]
    )
    _join(world, world.units, owners)
    places: list[Workplace] = []
    for unit in world.units:
        unit_home = unit.municipality
        assert unit_home is not None
        world.trades[unit.pk] = UNIT
        names = ("Lärcentrum",) if unit.name.startswith("Vux") else (TOWN_HALL, *dict.fromkeys(UNIT_SITES.values()))
        places.extend(
            Workplace(
                organisation=unit,
                name=name,
                city=unit_home.name,
                municipality=unit_home,
                lat=round(unit_home.lat + random.uniform(-SPREAD, SPREAD) / 2, 5),
                lon=round(unit_home.lon + random.uniform(-SPREAD, SPREAD) / 2, 5),
                position_source=PositionSource.PIN,
            )
            for name in names
        )
    _keep(world, places)


def _join(world: World, organisations: list[Organisation], owners: list[User]) -> None:
    Membership.objects.bulk_create(
        Membership(user=owner, organisation=organisation, role=MembershipRole.OWNER)
        for organisation, owner in zip(organisations, owners, strict=True)
    )
    world.owners.update({organisation.pk: owner for organisation, owner in zip(organisations, owners, strict=True)})


def _keep(world: World, places: list[Workplace]) -> None:
    Workplace.objects.bulk_create(places)
    for place in places:
        world.workplaces.setdefault(place.organisation_id, []).append(place)


def _settings(plan: Plan, world: World) -> None:
    """A third of the municipalities trust two of their organisations."""
    for code in plan.municipalities[1::3]:
        actor = world.coordinators[code]
        save_municipality_settings(
            actor=actor, municipality_code=code, choices=MunicipalityChoices(trusted_may_publish=True)
        )
        here = [each for each in world.companies if each.municipality_id == code and each.is_confirmed]
        for organisation in here[:2]:
            set_trust(actor=actor, municipality_code=code, organisation=organisation, trusted=True)
