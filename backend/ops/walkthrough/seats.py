"""From a place to a placement, by page: posted, published, found, applied for, given back, refilled, consented, approved."""

from datetime import date, timedelta

from backend.ops.walkthrough.browser import Browser, number_in
from backend.ops.walkthrough.newcomers import Play
from backend.ops.walkthrough.pages import Page
from backend.ops.walkthrough.timeline import NotSeenError

UNANSWERED, CONSENTED = "Har inte svarat", "Samtyckte"


def post_place(play: Play, title: str, start: date, seats: int) -> int:
    """The company posts a place for four weeks from `start` and sends it in. Returns its number."""
    company = play["company"]
    page = company.get("/foretag/platser/ny/")
    values: dict[str, object] = {
        "form": "apl",
        "title": title,
        "tasks": "Du svetsar, mäter och monterar tillsammans med en handledare.",
        "periods-0-start": start.isoformat(),
        "periods-0-end": (start + timedelta(days=25)).isoformat(),
        "periods-0-seats": str(seats),
        "programmes": ["Industritekniska"],
        "occupation": "Svetsare",
    }
    there = page.form("title", "tasks").controls
    people = {"supervisor_name": "Siv Berg", "supervisor_email": "siv@example.org", "supervisor_phone": "0122-123 45"}
    values |= {name: value for name, value in people.items() if name in there}
    preview = company.send(page, values)
    offer = number_in(preview.path)
    company.send(preview.must_show(title), {}, action="skicka-in")
    play.saw("company", f"has posted {title} and sees that it waits", company.get(f"/foretag/platser/{offer}/"))
    return offer


def publish_place(play: Play, offer: int, title: str) -> None:
    """The coordinator reads it in the queue and publishes; everybody can see it."""
    coordinator = play["coordinator"]
    coordinator.get("/samordnare/platser/").must_show(title)
    page = coordinator.get(f"/samordnare/platser/{offer}/")
    play.saw("coordinator", f"reads {title} in the queue", page.must_show(title))
    coordinator.send(page, {}, action="platser", press="Publicera")
    visitor = Browser(play.site, "a visitor", "")
    try:
        seen = visitor.get(f"/platser/{offer}/").must_show(title)
    finally:
        visitor.close()
    play.timeline.done(f"a visitor: sees {title}, published [{seen.path}]")


def suggest(play: Play, offer: int, title: str) -> None:
    """The place is suggested to the pupil of the file and to the adult, and both are told."""
    for role in ("maja", "adult"):
        student = play[role]
        found = student.wait(
            "/elev/forslag/", lambda page: page.shows(title), f"{title} among the suggestions", play.seconds
        )
        play.saw(role, f"is suggested {title}", found)
        told = student.wait(
            "/notifications/", lambda page: page.shows(title), f"the notification about {title}", play.seconds
        )
        play.saw(role, "is told of it on the site", told)


def apply(play: Play, role: str, offer: int) -> int:
    """By the form on the place's page. Returns the number of the application."""
    student = play[role]
    page = student.send(student.get(f"/platser/{offer}/"), {}, action="ansok")
    after = student.send(page, {"motivation": "Jag vill lära mig svetsa."}, action="ansok")
    number = number_in(after.numbered("/elev/ansokningar/"))
    play.saw(role, "has applied and sees the application", student.get(f"/elev/ansokningar/{number}/"))
    return number


def give_and_give_back(play: Play, offer: int, title: str) -> int:
    """One seat, two applicants: the adult gets it and withdraws, the pupil waits and gets it. Returns the pupil's number."""
    company, adult, maja = play["company"], play["adult"], play["maja"]
    first, second = apply(play, "adult", offer), apply(play, "maja", offer)
    applicants = company.get(f"/foretag/platser/{offer}/sokande/").must_show(adult.name, maja.name)
    play.saw("company", "sees both applicants", applicants)
    _answer(play, first, "erbjud")
    play.saw("adult", "is offered the seat", adult.get(f"/elev/ansokningar/{first}/").must_show("Du erbjuds en plats"))
    _answer(play, second, "reservlista")
    waiting = maja.get(f"/elev/ansokningar/{second}/")
    play.saw("maja", "stands on the waiting list", _must_not_offer(waiting))
    adult.send(adult.get(f"/elev/ansokningar/{first}/"), {}, action="svara-ja")
    play.saw("adult", "has said yes", adult.get(f"/elev/ansokningar/{first}/"))
    adult.send(adult.get(f"/elev/ansokningar/{first}/"), {}, action="dra-tillbaka")
    play.saw("adult", "has withdrawn", adult.get(f"/elev/ansokningar/{first}/"))
    refilled = maja.wait(
        f"/elev/ansokningar/{second}/",
        lambda page: any("svara-ja" in form.path for form in page.forms),
        "the freed seat is offered to the one who waited",
        play.seconds,
    )
    play.saw("maja", "is offered the freed seat", refilled)
    play.saw("maja", "is told of it on the site", maja.get("/notifications/").must_show(title))
    maja.send(refilled, {}, action="svara-ja")
    play.saw("maja", "has said yes", maja.get(f"/elev/ansokningar/{second}/"))
    return second


def _must_not_offer(page: Page) -> Page:
    if any("svara-ja" in form.path for form in page.forms):
        raise NotSeenError(f"{page.path} offers a seat that somebody else has")
    return page


def _answer(play: Play, application: int, answer: str) -> None:
    company = play["company"]
    page = company.get(f"/foretag/ansokningar/{application}/")
    company.send(page, {}, action=answer)


def consent_and_approve(play: Play, application: int, title: str) -> None:
    """The guardian consents on the page of the own mail's link; the coordinator approves; the placement is seen by all."""
    guardian, coordinator, maja, company = (play[role] for role in ("guardian", "coordinator", "maja", "company"))
    queue = coordinator.wait(
        "/samordnare/matchningar/", lambda page: page.shows(maja.name), "the match in the queue", play.seconds
    )
    match = _match_about(play, queue, title)
    asked = coordinator.get(match).must_show(maja.name, guardian.name, UNANSWERED)
    play.saw("coordinator", "reads the match, and that the guardian has not answered", asked)
    _consent_by_link(play)
    answered = coordinator.get(match).must_show(guardian.name, CONSENTED)
    play.saw("coordinator", "reads who has consented, when and how", answered)
    coordinator.send(answered, {}, action="godkann")
    placed = maja.wait(
        f"/elev/ansokningar/{application}/",
        lambda page: page.shows("Samordnaren godkände din plats"),
        "the placement",
        play.seconds,
    )
    play.saw("maja", "has the place", placed)
    play.saw("coordinator", "sees the placement", coordinator.get("/samordnare/placeringar/").must_show(maja.name))
    play.saw("company", "sees who comes when", company.get("/foretag/placeringar/").must_show(maja.name))
    guardian.log_in()
    play.saw("guardian", "sees the child's placement", guardian.get("/vardnadshavare/").must_show(title))


def _match_about(play: Play, queue: Page, title: str) -> str:
    """The address of the match about this place: others may wait as well."""
    for href in dict.fromkeys(queue.all_numbered("/samordnare/matchningar/")):
        if play["coordinator"].get(href).shows(title):
            return href
    raise NotSeenError(f"no match in the queue is about {title}")


def _consent_by_link(play: Play) -> None:
    """The link of the mail shows nobody's name until its owner has shown the code that is sent to the same address."""
    guardian, maja = play["guardian"], play["maja"]
    link = guardian.mail("samtycke").link("/vardnadshavare/lank/")
    page = guardian.get(link)
    if page.shows(maja.name) or page.shows(maja.name.split()[0]):
        raise NotSeenError("the link of a mail shows the child to whoever has it")
    page = guardian.send(page, {}, press="send")
    page = guardian.send(page, {"code": guardian.code()}).must_show(maja.name)
    play.saw("guardian", "has shown the code of the own mail and sees the child", page)
    page = guardian.send(page, {}, press="yes")
    play.saw("guardian", "has consented", page.must_show("Du lämnade ditt samtycke"))
