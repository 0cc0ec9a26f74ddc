"""A real Chromium against a real server. Skipped with a clear message where no Chromium is installed."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from backend.accounts.models import User
from tests.browser.chrome import CHROMIUM, FLAGS, SIZES

AXE = Path(__file__).parent / "vendor" / "axe.min.js"

Visit = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of them need a database that a second process can see, a moving clock, and one worker."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.real_clock)
            item.add_marker(pytest.mark.django_db(transaction=True))
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Not for the whole session: while it is open its event loop occupies the thread, also for other tests."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine; .ci/run installs Debian's")
    # Playwright's loop runs in this thread, which Django would otherwise take for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def visit(chromium, live_server) -> Iterator[Visit]:
    """`visit(path, user=None, size="desktop", language="sv", scheme="light", scripts=True)` opens a page in a context of
    its own.

    Collects what the browser complains about; the test fails at its end when there was anything (blocked by the content
    security policy, a script error, a missing file).
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(
        path: str,
        *,
        user: User | None = None,
        size: str = "desktop",
        language: str = "sv",
        scheme: str = "light",
        scripts: bool = True,
    ) -> Page:
        width, height = SIZES[size]
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            locale=f"{language}-SE",
            color_scheme=scheme,
            java_script_enabled=scripts,
        )
        contexts.append(context)
        cookies = [{"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": live_server.url}]
        if user is not None:
            client = Client()
            client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
            session = client.cookies[settings.SESSION_COOKIE_NAME].value
            cookies.append({"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url})
        context.add_cookies(cookies)
        page = context.new_page()
        page.on(
            "console",
            lambda message: (
                complaints.append(f"{message.text} {message.location['url']}") if is_complaint(message) else None
            ),
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(live_server.url + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def is_complaint(message: ConsoleMessage) -> bool:
    """Errors, but not that a page itself answers 400 to a form filled in wrongly, or 404: that is what it should do."""
    answers = message.page is not None and message.location["url"] == message.page.url
    return message.type == "error" and not (answers and "status of 40" in message.text)


def axe_findings(page: Page) -> list[str]:
    """What axe finds on the page as it stands, WCAG 2.2 A and AA and best practice."""
    page.evaluate(AXE.read_text())
    result = page.evaluate(
        "() => axe.run({resultTypes: ['violations'], runOnly:"
        " ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"
    )
    return [f"{page.url}: {found['id']}: {found['nodes'][0]['html'][:160]}" for found in result["violations"]]


def is_wider_than_window(page: Page) -> bool:
    return bool(page.evaluate("() => document.documentElement.scrollWidth > document.documentElement.clientWidth"))
