"""The people of an empty service, and how each comes in: by command, invitation, class list or their own sign-up."""

import secrets
from dataclasses import dataclass, field
from datetime import date, timedelta
from urllib.parse import quote

from django.core.management import call_command

from backend.common import clock
from backend.ops.walkthrough.browser import Browser
from backend.ops.walkthrough.pages import File, Page
from backend.ops.walkthrough.timeline import NotSeenError, Timeline

TOWN, CODE = "Finspång", "0562"
WORKING_DAYS_OF_A_PERIOD = 25


@dataclass
class Play:
    """One walk through an empty service. seconds: how long something that others do is waited for."""

    site: str
    timeline: Timeline
    seconds: float
    stamp: str = field(default_factory=lambda: f"{clock.now():%m%d%H%M%S}{secrets.token_hex(2)}")
    browsers: dict[str, Browser] = field(default_factory=dict)

    def browser(self, role: str, name: str) -> Browser:
        """The browser of a new person, with an address of their own."""
        self.browsers[role] = Browser(self.site, name, f"{role}.w{self.stamp}@example.org")
        return self.browsers[role]

    def __getitem__(self, role: str) -> Browser:
        return self.browsers[role]

    def saw(self, role: str, what: str, page: Page) -> Page:
        """Notes what the person saw, and on which page."""
        self.timeline.done(f"{self[role].name}: {what} [{page.path}]")
        return page

    def close(self) -> None:
        for each in self.browsers.values():
            each.close()

    @property
    def monday(self) -> date:
        """The first day of the place, at least eight weeks ahead."""
        return clock.today() + timedelta(days=7 - clock.today().weekday(), weeks=8)

    @property
    def school(self) -> str:
        return f"Skolan {self.stamp}"


def begin(play: Play) -> None:
    """The office by command, the coordinator by its invitation."""
    office = play.browser("office", "Nina Nät")
    call_command("create_user", office.email, role="network", name=office.name)
    play.saw("office", "logs in, sets up an app and sees the network's page", office.log_in().must_show(office.name))
    coordinator = play.browser("coordinator", "Karin Strand")
    people = office.send(
        office.get("/natverket/personer/"),
        {"email": coordinator.email, "name": coordinator.name, "kind": "coordinator", "municipality": TOWN},
    )
    play.saw("office", "has invited a coordinator", people.must_show(coordinator.email))
    invitation = coordinator.mail(TOWN)
    coordinator.log_in()
    asked = coordinator.get(invitation.link("/till/"))
    coordinator.second_step(coordinator.send(asked, {}, press="yes"))
    play.saw(
        "coordinator", "has said yes and sees the desk", coordinator.get("/samordnare/").must_show(coordinator.name)
    )
    accepted = office.get("/natverket/personer/").must_show(coordinator.name, TOWN)
    play.saw("office", "sees the coordinator among those who work", accepted)


def import_class(play: Play) -> None:
    """A class list with guardians, as a file. The pupils get their invitations, and log in."""
    coordinator = play["coordinator"]
    pupils = [play.browser("maja", "Maja Lind"), play.browser("ali", "Ali Ekman")]
    guardian = play.browser("guardian", "Lena Lind")
    # Another day each time: the same name, birth date and class are asked about as perhaps the same pupil.
    born = date(clock.today().year - 16, 1, 1) + timedelta(days=secrets.randbelow(300))
    headings = "Klass;Namn;E-post;Skola;Födelsedatum;Program;Vårdnadshavare 1 namn;Vårdnadshavare 1 e-post"
    rows = [
        f"IN2;{pupils[0].name};{pupils[0].email};{play.school};{born};IN25;{guardian.name};{guardian.email}",
        f"IN2;{pupils[1].name};{pupils[1].email};{play.school};{born - timedelta(days=3 * 365)};IN25;;",
    ]
    file = File("klass.csv", "\n".join([headings, *rows]).encode())
    columns = coordinator.send(coordinator.get("/samordnare/elever/import/"), {"file": file, "form": "apl"})
    where = columns.path
    coordinator.send(columns, {}, "email", action="kontrollera")
    checked = coordinator.wait(
        where, lambda page: any("importera" in form.path for form in page.forms), "the rows are checked", play.seconds
    )
    coordinator.send(checked.must_show(pupils[0].name), {}, action="importera")
    listed = coordinator.wait(
        f"/samordnare/elever/?school={play.school}",
        lambda page: page.shows(*(pupil.name for pupil in pupils)),
        "the pupils of the file among the students",
        play.seconds,
    )
    play.saw("coordinator", "has imported the class and sees its pupils", listed)
    # Mails to minors wait while they sleep, whenever this is played: they are told on the site.
    play.saw("ali", "is invited by mail", pupils[1].mail(seconds=play.seconds))
    for role, pupil in zip(("maja", "ali"), pupils, strict=True):
        home = pupil.log_in().must_show(pupil.name.split()[0])
        play.saw(role, "logs in with a code and sees the own first page", home)
    _guardian(play)
    _named_by_the_pupil(play)


def _guardian(play: Play) -> None:
    """The one of the file: known to the pupil, confirmed because the school has said so."""
    maja, guardian, coordinator = play["maja"], play["guardian"], play["coordinator"]
    page = maja.get("/elev/vardnadshavare/")
    play.saw("maja", "sees the guardian of the file", page.must_show(guardian.name))
    student = coordinator.get(f"/samordnare/elever/?q={quote(maja.name)}").numbered("/samordnare/elever/")
    page = coordinator.get(student).must_show(guardian.name, guardian.email, "Angiven av skolan")
    if page.shows("Inte bekräftad"):
        raise NotSeenError("whom the file names is unconfirmed")
    play.saw("coordinator", "sees the guardian of the file, who needs no confirming", page)


def _named_by_the_pupil(play: Play) -> None:
    """Whom the pupil names beside the guardian of the file can be taken away again, until the coordinator has confirmed it."""
    maja, coordinator = play["maja"], play["coordinator"]
    name, address = "Omar Haddad", f"omar.{play.stamp}@hem.example"
    for _twice in range(2):
        page = maja.get("/elev/vardnadshavare/")
        if page.shows(name):
            maja.send(page, {}, action="ta-bort")
            page = maja.get("/elev/vardnadshavare/")
            if page.shows(name):
                raise NotSeenError("the guardian is still there")
            play.saw("maja", "has removed a guardian she named herself", page)
        page = maja.send(page, {"name": name, "email": address}, action="vardnadshavare")
        play.saw("maja", "names a guardian, whom the school has not confirmed", page.must_show(name))
    student = coordinator.get(f"/samordnare/elever/?q={quote(maja.name)}").numbered("/samordnare/elever/")
    page = coordinator.get(student).must_show(address, "Inte bekräftad")
    play.saw("coordinator", "sees a guardian whom nobody has confirmed", page)
    coordinator.send(page, {}, action="bekrafta")
    page = coordinator.get(student).must_show(address)
    if page.shows("Inte bekräftad"):
        raise NotSeenError("the guardian is still unconfirmed")
    play.saw("coordinator", "has confirmed the guardian", page)


def register_adult(play: Play) -> None:
    """Somebody of age signs up alone and fills in the profile."""
    adult = play.browser("adult", "Amir Nouri")
    adult.sign_up().must_show("Fyll i min profil")
    page = adult.get("/elev/profil/")
    values: dict[str, object] = {
        "name": adult.name,
        "birth_date": f"{clock.today().year - 19}-02-01",
        "studies": "upper_secondary",
        "forms": ["apl"],
        "programme": "IN25",
        "municipality": TOWN,
    }
    page = adult.send(page, values)
    play.saw("adult", "signs up, fills in the profile and sees places or the way to them", page)
    if not adult.get("/elev/profil/").form("municipality").controls["municipality"].value:
        raise NotSeenError("the profile does not show what was filled in")


def register_company(play: Play) -> None:
    """A company signs up, registers, and says where its workplace is."""
    company = play.browser("company", "Sven Stål")
    welcome = company.sign_up()
    page = company.get(welcome.link("/foretag/registrera/"))
    name = f"Stålverkstan {play.stamp}"
    page = company.send(
        page, {"name": name, "registration_number": _number(), "municipality": TOWN}, action="registrera"
    )
    values: dict[str, object] = {
        "name": "Verkstaden", "address": "Bruksgatan 1", "postcode": "612 30", "city": TOWN, "municipality": TOWN
    }  # fmt: skip
    _set_pin(play, company.send(page, values, press="address"))
    company.log_out()
    play.saw("company", "logs in again, sets up an app and sees its page", company.log_in().must_show(name))


def _set_pin(play: Play, page: Page) -> None:
    """Moves the pin from the middle of the town on the map, saves, and saves once more: it stays where it was put."""
    company = play["company"]
    middle = _position(page)
    for way in ("in", "north", "east"):
        page = company.send(page, {}, press=way)
    moved = _position(page)
    if moved == middle:
        raise NotSeenError(f"the pin has not moved from {middle}")
    company.send(page, {}, press="Spara")
    listed = company.get("/foretag/arbetsplatser/").must_show("Verkstaden", TOWN)
    where = listed.numbered("/foretag/arbetsplatser/")
    company.send(company.get(where), {}, "lat", press="Spara")
    again = company.get(where)
    if _position(again) != moved:
        raise NotSeenError(f"the pin was put at {moved} and stands at {_position(again)}")
    play.saw("company", "has registered and sees the workplace in its town, the pin where it was put", again)


def _position(page: Page) -> tuple[str, str]:
    controls = page.form("lat", "lon").controls
    return controls["lat"].value, controls["lon"].value


def _number() -> str:
    """An organisation number that nobody has yet, with its check digit."""
    digits = "5599" + f"{secrets.randbelow(100_000):05d}"
    doubled = [int(digit) * (2 - index % 2) for index, digit in enumerate(digits)]
    total = sum(value // 10 + value % 10 for value in doubled)
    return f"{digits[:6]}-{digits[6:]}{-total % 10}"
