"""Draws every kind of mail in both languages; started by pictures.py, never collected with the tests.

The mails are those of one life in which everything happens, see test_every_kind.py, and a morning's digest.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from backend.accounts.models import User
from backend.notifications import registry
from backend.notifications.digest_runs import send_due_digests
from backend.notifications.models import Delivery, DigestSlot, Notification
from backend.notifications.services import send_trial
from tests.browser.chrome import CHROMIUM, FLAGS
from tests.notifications.pictures import WHERE
from tests.notifications.test_every_kind import everything, rendered

WIDTHS = {"mail": 640, "phone": 390}
ON_A_SHEET = 8
pytestmark = pytest.mark.django_db
__all__ = ["everything"]


def draw_mails(everything: None) -> None:
    out = Path(os.environ[WHERE])
    out.mkdir(parents=True, exist_ok=True)
    write_own_mails()
    pages = dict(first_of_each())
    for name, html in pages.items():
        (out / f"{name}.html").write_text(html, encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for name in pages:
            photograph(browser, out, name)
        names = sorted(pages)
        for number, start in enumerate(range(0, len(names), ON_A_SHEET), start=1):
            lay_out(browser, out, f"sheet-{number:02}", names[start : start + ON_A_SHEET])
        browser.close()


def write_own_mails() -> None:
    """What the clock and a button send: the digest of the morning, and the trial."""
    reader = Notification.objects.filter(kind="match.suggested").latest("pk").recipient
    DigestSlot.objects.all().delete()
    DigestSlot.objects.create(slot="2026-01-05T06:00:00Z")
    Delivery.objects.filter(recipient=reader, channel="email", notification__kind="match.suggested").update(
        state="pending", slot="daily", due_at="2026-01-01T06:00:00Z"
    )
    send_due_digests()
    send_trial(actor=User.objects.get(pk=reader.pk))


def first_of_each() -> Iterator[tuple[str, str]]:
    """(`<kind>-<language>`, HTML) of the first mail of each kind that goes by mail; of the digest the longest."""
    seen: dict[str, str] = {}
    for row, language, mail in rendered():
        html: Any = mail.html
        name = f"{row.kind}-{language}"
        is_better = name not in seen or (row.kind == "notifications.digest" and len(html) > len(seen[name]))
        if is_better and "email" in registry.get(row.kind).channels:
            seen[name] = html
    yield from seen.items()


def photograph(browser: Browser, out: Path, name: str) -> None:
    for width_name, width in WIDTHS.items():
        page = browser.new_page(viewport={"width": width, "height": 400})
        page.goto((out / f"{name}.html").as_uri())
        page.screenshot(path=out / f"{name}-{width_name}.png", full_page=True)
        page.close()


def lay_out(browser: Browser, out: Path, sheet: str, names: list[str]) -> None:
    images = "".join(f"<figure><img src='{name}-mail.png'><figcaption>{name}</figcaption></figure>" for name in names)
    style = (
        "body{display:grid;grid-template-columns:repeat(4,1fr);gap:16px;background:#888;font:16px sans-serif}"
        "figure{margin:0}img{width:100%}"
    )
    source = out / f"{sheet}.html"
    source.write_text(f"<!doctype html><style>{style}</style>{images}", encoding="utf-8")
    page = browser.new_page(viewport={"width": 1900, "height": 900})
    page.goto(source.as_uri())
    page.screenshot(path=out / f"{sheet}.png", full_page=True)
    page.close()
