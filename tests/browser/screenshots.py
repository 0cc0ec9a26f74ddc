"""Takes the pictures in docs/screenshots from a running demo.

    make run                                         # in one terminal
    .venv/bin/python -m tests.browser.screenshots    # in another; --base for another address, --only for some pages

Each page is drawn in two windows and two colour schemes, as `<page>-<window>-<scheme>.png`, the top of the page as
somebody sees it first. The demo is seeded with fixed numbers, so that two runs differ in the dates only.
"""

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.chrome import CHROMIUM, FLAGS, SIZES
from tests.browser.palette import with_palette

OUTPUT = Path(__file__).parents[2] / "docs" / "screenshots"
LARGEST_BYTES, LARGEST_TOTAL = 250_000, 5_000_000
SCHEMES = ("light", "dark")
STUDENT, COMPANY, COORDINATOR, NETWORK = (
    f"{who}@demo.example" for who in ("student", "company", "coordinator", "network")
)
RESULT = "somebody with a result"

Way = Callable[[Page, str], None]


def at(path: str) -> Way:
    """Straight to an address."""
    return through(path)


def through(path: str, *links: str) -> Way:
    """To an address, then where the first link or form of each selector leads: ids are not known beforehand."""

    def go(page: Page, base: str) -> None:
        visit(page, base + path)
        for link in links:
            found = page.locator(link).first
            target = found.get_attribute("href") or found.get_attribute("action")
            visit(page, base + str(target))

    return go


def visit(page: Page, url: str) -> None:
    """RuntimeError for a page that answers with an error: no picture of it shall stand in the documents."""
    answer = page.goto(url)
    if answer is None or not answer.ok:
        raise RuntimeError(f"{url} answers {answer.status if answer else 'nothing'}")


PICTURES: dict[str, tuple[str, Way]] = {
    "start": ("", at("/")),
    "search": ("", at("/platser/?q=svets")),
    "place": ("", through("/platser/?q=cnc&form=apl", ".places h2 a, .places h3 a")),
    "student": (STUDENT, at("/elev/")),
    "apply": (STUDENT, through("/elev/forslag/", ".places h2 a, .places h3 a", "main form[action$='/ansok/']")),
    "notifications": (STUDENT, at("/notifications/")),
    "settings": (STUDENT, at("/notifications/settings/")),
    "round-result": (RESULT, through("/elev/omgangar/", "li:has-text('APL i vår') a")),
    "employer": (COMPANY, at("/foretag/")),
    "applicants": (COMPANY, through("/foretag/platser/", "a:has-text('CNC-operatör, svarv')", "a[href$='/sokande/']")),
    "coordinator": (COORDINATOR, at("/samordnare/")),
    "matches": (COORDINATOR, at("/samordnare/matchningar/")),
    "students": (COORDINATOR, at("/samordnare/elever/")),
    "round": (COORDINATOR, through("/samordnare/omgangar/", "tr:has-text('APL i vår') a", "a[href$='/korningar/']")),
    "round-board": (
        COORDINATOR,
        through(
            "/samordnare/omgangar/",
            "tr:has-text('APL i vår') a",
            "a[href$='/korningar/']",
            "main a[href*='/korningar/']:not([href$='/korningar/'])",
            "a[href$='/tavla/']",
        ),
    ),
    "skills": (NETWORK, at("/kompetens/")),
}


def log_in(page: Page, base: str, who: str) -> None:
    """With one click for those the login page offers, by the code in the caught mail for everyone else."""
    page.goto(base + "/konto/login/")
    button = page.locator(f"button[value='{who}']")
    if button.count():
        button.click()
        return
    page.locator("main input[name=login]").fill(who)
    page.locator("main form button[type=submit]").first.click()
    mail = page.context.new_page()
    code = None
    for _attempt in range(20):
        mail.goto(base + "/demo/mail/")
        mail.locator(f"a:has-text('{who}')").first.click()
        code = re.search(r"^\s*([A-Z0-9]{3,4}-?[A-Z0-9]{3,4})\s*$", mail.locator("main").inner_text(), re.MULTILINE)
        if code:
            break
        mail.wait_for_timeout(500)
    mail.close()
    if code is None:
        raise RuntimeError(f"no login code was mailed to {who}")
    page.locator("main input[name=code]").fill(code.group(1))
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url(lambda url: "/konto/" not in url)


def somebody_with_a_result(browser: Browser, base: str) -> str:
    """The e-mail address of a student whom a round has offered a place, as their coordinator sees it."""
    context = browser.new_context()
    page = context.new_page()
    log_in(page, base, COORDINATOR)
    through(
        "/samordnare/omgangar/",
        "tr:has-text('APL i vår') a",
        "a[href$='/resultat/']",
        "main tbody tr:has([data-color=info]) a",
    )(page, base)
    href = str(page.locator("main a[href^='mailto:']").first.get_attribute("href"))
    address = href.removeprefix("mailto:").partition("?")[0]
    context.close()
    return address


def take(browser: Browser, base: str, names: list[str]) -> list[Path]:
    made = []
    blank = browser.new_page()
    wanted = {name: PICTURES[name] for name in names}
    result = somebody_with_a_result(browser, base) if any(who == RESULT for who, _way in wanted.values()) else ""
    for who in dict.fromkeys(each for each, _way in wanted.values()):
        context: BrowserContext = browser.new_context(locale="sv-SE")
        page = context.new_page()
        if who:
            log_in(page, base, result if who == RESULT else who)
        for name, (_who, way) in ((key, value) for key, value in wanted.items() if value[0] == who):
            for window, (width, height) in SIZES.items():
                for scheme in SCHEMES:
                    page.set_viewport_size({"width": width, "height": height})
                    page.emulate_media(color_scheme=scheme)
                    way(page, base)
                    path = OUTPUT / f"{name}-{window}-{scheme}.png"
                    path.write_bytes(with_palette(blank, page.screenshot()))
                    made.append(path)
        context.close()
    return made


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", default="http://127.0.0.1:8000", help="where the demo runs")
    parser.add_argument("--only", nargs="*", choices=PICTURES, default=list(PICTURES), help="these pages alone")
    options = parser.parse_args(arguments)
    OUTPUT.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        made = take(browser, options.base.rstrip("/"), options.only)
        browser.close()
    large = [path.name for path in made if path.stat().st_size > LARGEST_BYTES]
    total = sum(path.stat().st_size for path in OUTPUT.glob("*.png"))
    print(f"{len(made)} pictures, {total / 1e6:.1f} MB in {OUTPUT}")
    if large or total > LARGEST_TOTAL:
        print(f"larger than they should be: {', '.join(large) or 'all together'}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
