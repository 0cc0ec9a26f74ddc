"""Every page in a real browser: nothing blocked, nothing wider than a window, nothing axe objects to.

The table of pages is tests/browser/town.py. `test_every_page_is_in_the_table` reads the URL resolver, so a page that is
missing there fails. Each page is opened once; windows and colour schemes take turns, and each width is tried.
"""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from itertools import cycle

from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse
from playwright.sync_api import Page

from backend.common.caught_mail import save_mail
from tests.browser import town as towns
from tests.browser.chrome import SIZES
from tests.browser.conftest import axe_findings, is_wider_than_window
from tests.browser.town import COORDINATOR, EMPLOYER, NETWORK, NEW, NOBODY, PUBLIC, STUDENT, Town
from tests.factories import CoordinatorFactory, GuardianshipFactory, MembershipFactory, StudentFactory
from tests.factories.rows import RoleFactory

LOOKS = [("desktop", "dark"), ("phone", "light"), ("desktop", "light"), ("phone", "dark")]
# 320 px: the narrowest that WCAG 1.4.10 asks for, and what 1280 px are at 400 %.
NARROW = 320

# Routes that answer a GET with a page and yet are not in the table: the name and why.
NOT_IN_THE_TABLE = {
    "account_confirm_login_code": "looked at on the way in, tests/browser/test_ways_in.py",
    "account_change_password": "allauth's; nobody has a password here",
    "account_set_password": "allauth's; nobody has a password here",
    "account_reset_password": "allauth's; nobody has a password here",
    "account_reset_password_done": "allauth's; nobody has a password here",
    "account_reset_password_from_key": "allauth's; nobody has a password here",
    "account_reset_password_from_key_done": "allauth's; nobody has a password here",
    "account_reauthenticate": "allauth's; asks for a password, which nobody has here",
    "/konto/password/<path:rest>": "closed: answers 404 in front of allauth's pages",
    "/konto/reauthenticate/": "closed: answers 404 in front of allauth's page",
    "openid_start": "only leads on, to another service",
    "openid_answer": "only leads on; the messages stand on the login page",
    "own_data_file": "a file, made for one person; tests/browser/test_own_data.py fetches it",
    "go": "only leads on, or says that there is no such page",
    "notification": "only leads on, or says that there is no such page",
    "employer_pin_map": "a picture, part of employer_workplace",
    "round_second": "the form of round_new, filled in from the first round",
    "student_round_demand": "a part of student_round that is fetched anew; tests/browser/test_round_journeys.py",
    "import_check": "the page of an import with its columns, shown by `import`",
    "caught_mail_html": "a mail as it was sent, with styles of its own; tests/notifications look at mails",
}
FILES = (".csv", ".xlsx", ".json", ".atom", ".ics", ".xml", ".txt", ".js")

# Forms that are sent empty, with the name of a field that must then be called wrong: role, path, field.
EMPTY_FORMS = [
    (PUBLIC, "account_login", "login"),
    (PUBLIC, "account_signup", "email"),
    (STUDENT, "alert_new", "name"),
    (STUDENT, "student_guardians", "email"),
    (NOBODY, "employer_register", "name"),
    (EMPLOYER, "employer_offer_new", "title"),
    (EMPLOYER, "employer_workplace_new", "name"),
    (EMPLOYER, "webhooks", "url"),
    (COORDINATOR, "round_new", "name"),
    (NETWORK, "network_grants", "user"),
]


def look_at(page: Page, size: str, scheme: str) -> list[str]:
    """What is wrong with the page that is open, in this window and, as to its width, in the two others."""
    found = [f"{size} {scheme}: {finding}" for finding in axe_findings(page)]
    widths = {NARROW, *(width for width, _height in SIZES.values())}
    shown = page.evaluate("() => window.innerWidth")
    assert shown in widths
    for width in sorted(widths, key=lambda width: width != shown):
        if width != shown:
            page.set_viewport_size({"width": width, "height": 800})
        if is_wider_than_window(page):
            found.append(f"{page.url} is wider than a window of {width} px")
    return found


def look_at_all(visit, base: str, town: Town, roles: Collection[str] = ()) -> list[str]:
    """roles: whose pages; all of the town's when empty."""
    found = []
    looks = cycle(LOOKS)
    for role, paths in town.pages.items():
        if roles and role not in roles:
            continue
        page = None
        for path in paths:
            size, scheme = next(looks)
            if page is None:
                page = visit(path, user=town.people[role], size=size, scheme=scheme)
            else:
                width, height = SIZES[size]
                page.set_viewport_size({"width": width, "height": height})
                page.emulate_media(color_scheme=scheme)
                page.goto(base + path)
            found += look_at(page, size, scheme)
        next(looks)  # an even number of pages would always give the same page the same look
    return found


def look_at_mistakes(visit, town: Town, roles: Collection[str] = ()) -> list[str]:
    found = []
    looks = cycle(LOOKS)
    for role, name, field in EMPTY_FORMS:
        if role not in town.people or (roles and role not in roles):
            continue
        size, scheme = next(looks)
        page = visit(reverse(name), user=town.people[role], size=size, scheme=scheme)
        with page.expect_navigation():
            page.locator(f"main form:has([name='{field}'])").evaluate(
                "form => { for (const each of form.elements) if (each.type !== 'hidden' && 'value' in each) each.value = '';"
                " form.noValidate = true; form.requestSubmit(); }"
            )
        if not page.locator("main .errs, main [aria-invalid=true]").count():
            found.append(f"{page.url} says nothing of a missing {field}")
        found += look_at(page, size, scheme)
    return found


STUDENTS = (STUDENT, NEW[STUDENT])


class TestStudents:
    """Apart from the others only so that two processes share the work."""

    def test_pages_are_sound(self, visit, live_server):
        town = towns.build_people()
        found = look_at_all(visit, live_server.url, town, STUDENTS) + look_at_mistakes(visit, town, STUDENTS)
        assert not found, "\n".join(found)


class TestPeople:
    """Visitors, guardians and employers."""

    def test_pages_are_sound(self, visit, live_server):
        town = towns.build_people()
        roles = town.people.keys() - STUDENTS
        found = look_at_all(visit, live_server.url, town, roles) + look_at_mistakes(visit, town, roles)
        assert not found, "\n".join(found)


class TestDesks:
    """Coordinators and the network office."""

    def test_pages_are_sound(self, visit, live_server):
        town = towns.build_desks()
        found = look_at_all(visit, live_server.url, town) + look_at_mistakes(visit, town)
        assert not found, "\n".join(found)


class TestAtHome:
    """What only a demo and a developer see, and whether anything was forgotten."""

    def test_the_demo_and_the_gallery_are_sound(self, visit, live_server, settings, tmp_path):
        settings.DEMO_MODE = settings.DEBUG = True
        settings.MAIL_DIR = str(tmp_path)
        found = look_at_all(visit, live_server.url, Town({PUBLIC: None}, {PUBLIC: demo_pages(tmp_path)}))
        page = visit(reverse("gallery"))
        for size, scheme in LOOKS:
            page.set_viewport_size(dict(zip(("width", "height"), SIZES[size], strict=True)))
            page.emulate_media(color_scheme=scheme)
            found += look_at(page, size, scheme)
        assert not found, "\n".join(found)

    def test_every_page_is_in_the_table(self, tmp_path):
        """Read from the URL resolver: what answers a GET with a page stands in the table or has a reason not to."""
        shown = {PUBLIC: demo_pages(tmp_path), "people": [], "desks": []}
        for name, build in (("people", towns.build_people), ("desks", towns.build_desks)):
            shown[name] = [path for paths in build().pages.values() for path in paths]
        seen = {resolve(path.split("?")[0]).view_name for paths in shown.values() for path in paths} | {"gallery"}
        client = client_of_someone_who_is_everything()
        left = {
            name: route
            for route, name in routes()
            if name not in seen and name not in NOT_IN_THE_TABLE and may_be_a_page(client, route)
        }
        assert left == {}, "pages that are not in tests/browser/town.py"
        assert seen.isdisjoint(NOT_IN_THE_TABLE)


def demo_pages(directory) -> list[str]:
    mail = EmailMessage()
    mail["Subject"] = towns.LONG_TITLE
    mail.set_content(towns.LONG_TEXT)
    mail_id = save_mail(
        directory,
        sender="a@example.com",
        recipients=["elin@school.example"],
        content=mail.as_bytes(),
        received_at=datetime(2026, 11, 23, tzinfo=UTC),
    )
    return [
        reverse("demo_tour"),
        reverse("demo_codes"),
        reverse("caught_mails"),
        reverse("caught_mail", args=[mail_id]),
        reverse("start"),
        reverse("account_login"),
    ]


def routes(resolver: URLResolver | None = None, prefix: str = "/") -> Iterator[tuple[str, str]]:
    for pattern in (resolver or get_resolver()).url_patterns:
        where = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, where)
        elif isinstance(pattern, URLPattern) and not where.startswith("/api/"):
            yield where, pattern.name or where


def client_of_someone_who_is_everything() -> Client:
    user = CoordinatorFactory()
    RoleFactory(user=user, kind="network", municipality_id=None)
    StudentFactory(user=user)
    MembershipFactory(user=user)
    GuardianshipFactory(guardian=user)
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client


def may_be_a_page(client: Client, route: str) -> bool:
    """Not: files, what only takes a POST, and what only leads on. An id that is nobody's may well be a page's."""
    if route.endswith(FILES):
        return False
    path = "/".join(
        ("999999" if part.startswith("<int:") else "0000") if part.startswith("<") else part
        for part in route.split("/")
    )
    answer = client.get(path)
    if answer.status_code == 404:
        return True
    return answer.status_code == 200 and answer["Content-Type"].startswith("text/html")
