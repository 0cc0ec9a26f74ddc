"""A round by page: places and students taken in, wishes, both methods, compared, published, answered."""

from datetime import datetime, timedelta

from django.utils import timezone

from backend.common import clock
from backend.ops.walkthrough.browser import number_in
from backend.ops.walkthrough.newcomers import TOWN, Play
from backend.ops.walkthrough.pages import Page
from backend.ops.walkthrough.timeline import NotSeenError

METHODS = ("stable", "optimal")
STUDENTS = ("ali", "adult")


def hold_round(play: Play, titles: list[str]) -> None:
    """A round about the places with these titles, from its first line to the answers."""
    number = _open(play, titles)
    for role in STUDENTS:
        _wish(play, role, number, titles)
    coordinator = play["coordinator"]
    coordinator.send(coordinator.get(f"/samordnare/omgangar/{number}/"), {}, action="stang")
    play.saw("coordinator", "has closed the round", coordinator.get(f"/samordnare/omgangar/{number}/"))
    runs = [_run(play, number, method) for method in METHODS]
    compared = coordinator.get(f"/samordnare/omgangar/{number}/korningar/?run={runs[0]}&run={runs[1]}")
    play.saw("coordinator", "compares the two methods", compared.must_show("Från körning 1 till körning 2"))
    page = coordinator.get(f"/samordnare/omgangar/korningar/{runs[1]}/")
    coordinator.send(page, {}, action="publicera")
    results = coordinator.get(f"/samordnare/omgangar/{number}/resultat/")
    play.saw("coordinator", "has published and sees the results", results)
    for role in STUDENTS:
        _read_result(play, role, number, titles)


def _open(play: Play, titles: list[str]) -> int:
    coordinator = play["coordinator"]
    first = play.monday + timedelta(weeks=5)
    now = timezone.localtime(clock.now())
    page = coordinator.send(
        coordinator.get("/samordnare/omgangar/ny/"),
        {
            "name": f"APL {play.stamp}",
            "form": "apl",
            "start": first.isoformat(),
            "end": (first + timedelta(days=25)).isoformat(),
            "opens_at": _typed(now - timedelta(minutes=1)),
            "closes_at": _typed(now + timedelta(days=2)),
            "publish_on": (now.date() + timedelta(days=3)).isoformat(),
            "accept_by": _typed(now + timedelta(days=10)),
            "is_joinable": True,
        },
    )
    number = number_in(page.path)
    seats = coordinator.get(f"/samordnare/omgangar/{number}/platser/").must_show(*titles)
    coordinator.send(seats, {}, action="platser")
    students = coordinator.get(f"/samordnare/omgangar/{number}/elever/")
    lists = students.form("groups").controls["groups"].choices
    own = [choice.value for choice in lists if play.school in choice.text]
    coordinator.send(students, {"groups": own or [lists[-1].value]})
    page = coordinator.get(f"/samordnare/omgangar/{number}/elever/").must_show(play["ali"].name)
    play.saw("coordinator", f"has a round in {TOWN} with places and the class", page)
    coordinator.send(coordinator.get(f"/samordnare/omgangar/{number}/"), {}, action="oppna")
    play.saw("coordinator", "has opened the round", coordinator.get(f"/samordnare/omgangar/{number}/"))
    return number


def _typed(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M")


def _wish(play: Play, role: str, number: int, titles: list[str]) -> None:
    student = play[role]
    where = f"/elev/omgangar/{number}/"
    page = student.get(where)
    if any("ga-med" in form.path for form in page.forms):
        page = student.send(page, {}, action="ga-med")
    wished = 0
    while button := _to_add(page):
        page = student.send(page, {}, action="onskemal", press=button)
        wished += 1
        if wished == len(titles):
            break
    if wished < len(titles):
        raise NotSeenError(
            f"{student.name} could wish for {wished} of {len(titles)} places on {where}: {page.text[:500]}"
        )
    play.saw(role, f"has wished for {wished} places", student.get(where).must_show(*titles))


def _to_add(page: Page) -> str:
    for form in page.forms:
        for _name, value, _text in form.buttons:
            if value.startswith("add-"):
                return value
    return ""


def _run(play: Play, number: int, method: str) -> int:
    """Starts a run and waits until it is done. Returns its number."""
    coordinator = play["coordinator"]
    where = f"/samordnare/omgangar/{number}/korningar/"
    before = _runs_on(coordinator.get(where))
    coordinator.send(coordinator.get(where), {"method": method}, action="starta")
    page = coordinator.wait(where, lambda page: bool(_runs_on(page) - before), f"the run by {method}", play.seconds)
    run = max(_runs_on(page) - before)
    seen = coordinator.get(f"/samordnare/omgangar/korningar/{run}/")
    play.saw(
        "coordinator",
        f"sees the run by the method {method}, checked",
        seen.must_show("Ett fristående program har kontrollerat"),
    )
    return run


def _runs_on(page: Page) -> set[int]:
    """The runs of the list that are done: only those have a page."""
    prefix = "/samordnare/omgangar/korningar/"
    return {
        number_in(href) for _text, href in page.links if prefix in href and href.rstrip("/").split("/")[-1].isdigit()
    }


def _read_result(play: Play, role: str, number: int, titles: list[str]) -> None:
    """The student reads what the round gives and says yes."""
    student = play[role]
    where = f"/elev/omgangar/{number}/"
    page = student.wait(
        where, lambda page: any(title in page.text for title in titles), "the answer of the round", play.seconds
    )
    play.saw(role, "reads what the round gives", page)
    if any("svar" in form.path for form in page.forms):
        page = student.send(page, {}, action="svar")
        play.saw(role, "has answered", student.get(where))
