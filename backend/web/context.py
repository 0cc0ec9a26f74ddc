"""What the frame of every page shows: the menu of the person's role, unread notifications, the other language."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from backend.accounts.models import User
from backend.accounts.openid import list_providers
from backend.accounts.policies import is_coordinator, is_network_office, municipalities_coordinated_by
from backend.notifications.selectors import unread_count
from backend.organisations.help import help_in
from backend.web.waiting import Waiting, list_waiting

Link = tuple[str, str]
# As many as stand on one line of a narrow desktop, in both languages; the others go behind "More".
FIRST_LINKS = 5
ROLE_KEY = "role"
# What someone with several roles chooses between, in the header and on the account's page.
ROLE_LABELS = {
    "coordinator": gettext_lazy("As coordinator"),
    "network": gettext_lazy("As the network office"),
    "student": gettext_lazy("As student"),
    "employer": gettext_lazy("As company"),
    "guardian": gettext_lazy("As guardian"),
}
PERSONAS = {
    "student@demo.example": gettext_lazy("A student"),
    "company@demo.example": gettext_lazy("A company"),
    "coordinator@demo.example": gettext_lazy("A coordinator"),
    "network@demo.example": gettext_lazy("The network office"),
    "guardian@demo.example": gettext_lazy("A guardian"),
}


def is_demo() -> bool:
    """Both must say so: a production process has neither."""
    return bool(settings.DEMO_MODE and settings.DEBUG)


def personas() -> list[dict[str, Any]]:
    """The invented people whom a visitor of the demo may be; none in a service that was started empty. One query."""
    if not is_demo():
        return []
    here = set(User.objects.filter(email__in=PERSONAS, is_active=True).values_list("email", flat=True))
    return [{"email": email, "label": label} for email, label in PERSONAS.items() if email in here]


def roles_of(user: User) -> list[str]:
    """What someone is here, the role they work in most first. At most four queries, remembered on the user object."""
    known: list[str] | None = getattr(user, "_web_roles", None)
    if known is None:
        found = {
            "coordinator": is_coordinator(user),
            "network": is_network_office(user),
            "student": hasattr(user, "student"),
            "employer": user.memberships.exists(),
            "guardian": user.guardianships.exists(),
        }
        known = [role for role, holds in found.items() if holds]
        user._web_roles = known  # type: ignore[attr-defined]  # noqa: SLF001 - remembered on the request's own object
    return known


def works_for_an_office(user: User) -> bool:
    """A coordinator and the network office apply for nothing with that account. Everyone else may study as well."""
    return not {"coordinator", "network"}.isdisjoint(roles_of(user))


def home_url(user: User) -> str:
    """Where someone's work begins; those who are nothing yet choose what they are."""
    roles = roles_of(user)
    return reverse(f"{roles[0]}_home" if roles else "welcome")


def _menu(role: str) -> list[Link]:
    menus: dict[str, list[Link]] = {
        "student": [
            ("student_home", _("Home")),
            ("search", _("Find a place")),
            ("student_applications", _("Applications")),
            ("student_rounds", _("Rounds")),
            ("alerts", _("Alerts")),
        ],
        "employer": [
            ("employer_home", _("Home")),
            ("employer_offers", _("Our places")),
            ("employer_placements", _("Placements")),
            ("employer_rounds", _("Rounds")),
            ("employer_team", _("Colleagues")),
            ("employer_workplaces", _("Workplaces")),
            ("employer_imports", _("Import places")),
        ],
        "coordinator": [
            ("coordinator_home", _("Home")),
            ("coordinator_offers", _("Places")),
            ("coordinator_matches", _("Matches")),
            ("coordinator_students", _("Students")),
            ("rounds", _("Rounds")),
            ("coordinator_placements", _("Placements")),
            ("coordinator_organisations", _("Organisations")),
            ("coordinator_imports", _("Class lists")),
            ("tasks", _("Who needs a phone call")),
        ],
        "network": [
            ("network_home", _("Home")),
            ("network_people", _("People")),
            ("network_members", _("Members")),
            ("skills", _("Skills picture")),
            ("search", _("Find a place")),
            ("network_jobs", _("Scheduled jobs")),
            ("network_undelivered", _("Undelivered")),
            ("network_grants", _("Protected identities")),
            ("retention_defaults", _("How long documents are kept")),
        ],
        "guardian": [("guardian_home", _("Consent")), ("search", _("Find a place"))],
        "": [
            ("search", _("Find a place")),
            ("for_employers", _("For companies")),
            ("for_municipalities", _("For municipalities")),
            ("how_it_works", _("How it works")),
        ],
    }
    return menus[role]


def _role_of_page(request: HttpRequest, roles: list[str]) -> str:
    """In which of their roles somebody is: the one whose pages they are on, otherwise the last they were on, otherwise
    the first. Only the name of the role is remembered, with the session."""
    if len(roles) < 2:
        return roles[0] if roles else ""
    for role in roles:
        if request.path.startswith(reverse(f"{role}_home")):
            if request.session.get(ROLE_KEY) != role:
                request.session[ROLE_KEY] = role
            return role
    remembered = request.session.get(ROLE_KEY)
    return remembered if remembered in roles else roles[0]


def _home_code(person: User | None, roles: list[str]) -> str | None:
    """The municipality of a student or a coordinator, which is known without another query."""
    if person is not None and "student" in roles:
        return person.student.municipality_id or None
    if person is not None and "coordinator" in roles:
        return min(municipalities_coordinated_by(person))
    return None


def _waiting(request: HttpRequest, person: User | None, others: list[str]) -> list[Waiting]:
    """Asked on first pages only."""
    match = request.resolver_match
    first = {"welcome", *(f"{role}_home" for role in ROLE_LABELS)}
    return list_waiting(person, others) if person and match and match.url_name in first else []


def site(request: HttpRequest) -> dict[str, Any]:
    """Context processor. No query for someone who is not logged in, at most six for someone who is; on first pages also
    what waits elsewhere."""
    user = getattr(request, "user", None)
    person = user if isinstance(user, User) else None
    roles = roles_of(person) if person else []
    role = _role_of_page(request, roles)
    menu = [(reverse(name), label) for name, label in _menu(role)]
    # The deepest address that the page lies under is the current one. Everything lies under the first page of a role,
    # which therefore is current only where one is on it.
    home = reverse(f"{role}_home") if role else ""
    under = (url for url, _label in menu if request.path == url or (url != home and request.path.startswith(url)))
    current = max(under, key=len, default="")
    nav = [{"url": url, "label": label, "current": url == current} for url, label in menu]
    # A single link behind "More" would take the room that it saves.
    cut = FIRST_LINKS if len(nav) > FIRST_LINKS + 1 else len(nav)
    is_swedish = (get_language() or "sv").startswith("sv")
    return {
        "nav": nav,
        "other_roles": [{"url": reverse(f"{each}_home"), "label": ROLE_LABELS[each]} for each in roles if each != role],
        "waiting_elsewhere": _waiting(request, person, [each for each in roles if each != role]),
        "nav_first": nav[:cut],
        "nav_more": nav[cut:],
        "nav_more_is_current": any(link["current"] for link in nav[cut:]),
        # Alerts are for students, and for those who may become one: visitors and new accounts.
        "may_watch": not roles or "student" in roles,
        # Files of lists are for those who keep books: a student finds them behind a line of text.
        "files_tucked": roles[:1] == ["student"],
        "unread_count": unread_count(person) if person else 0,
        "other_language": {"code": "en", "label": "English"} if is_swedish else {"code": "sv", "label": "Svenska"},
        "help": help_in(_home_code(person, roles)),
        "demo_mode": is_demo(),
        "is_invented": is_demo() and settings.DEMO_PEOPLE,
        "login_providers": list_providers(),
        "personas": personas,
    }
