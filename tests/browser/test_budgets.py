"""What the search page may weigh and how soon it is there: the budgets of docs/interface.md."""

import gzip

import pytest
from django.urls import reverse
from playwright.sync_api import Page, Response

from tests.factories import OfferFactory

KB = 1024
# What a reader waits for, in gzip bytes. Fonts are compressed as they are.
BUDGETS = {"document": 30 * KB, "stylesheet": 35 * KB, "script": 50 * KB, "font": 35 * KB}
PAINT_WITHIN = 1500  # ms until the largest thing is drawn

WATCH = """() => new Promise((resolve) => {
  let paint = 0, shift = 0;
  new PerformanceObserver((list) => { for (const entry of list.getEntries()) paint = entry.startTime; })
    .observe({type: "largest-contentful-paint", buffered: true});
  new PerformanceObserver((list) => { for (const entry of list.getEntries()) shift += entry.value; })
    .observe({type: "layout-shift", buffered: true});
  document.fonts.ready.then(() => requestAnimationFrame(() => requestAnimationFrame(() => resolve([paint, shift]))));
})"""


@pytest.fixture
def many_places() -> None:
    OfferFactory.create_batch(20)


def measure(page: Page, address: str) -> tuple[dict[str, int], float, float]:
    """Bytes by kind of file, the largest contentful paint in ms, and how much the layout shifted."""
    responses: list[Response] = []

    def keep(response: Response) -> None:
        responses.append(response)

    page.on("response", keep)
    page.goto(address)
    paint, shift = page.evaluate(WATCH)
    sizes = dict.fromkeys(BUDGETS, 0)
    for response in responses:
        kind = response.request.resource_type
        if kind in sizes:
            body = response.body()
            sizes[kind] += len(body) if kind == "font" else len(gzip.compress(body))
    return sizes, paint, shift


@pytest.mark.usefixtures("many_places")
def test_the_search_page_keeps_its_budgets(visit, live_server) -> None:
    browser = visit(reverse("search")).context.browser  # templates and translations are read once
    found = []
    for _try in range(3):  # a busy machine may paint late once; a page that is too heavy does so each time
        with browser.new_context(viewport={"width": 390, "height": 844}) as nothing_kept:
            sizes, paint, shift = measure(nothing_kept.new_page(), live_server.url + reverse("search"))
        assert {kind: size for kind, size in sizes.items() if not 0 < size <= BUDGETS[kind]} == {}
        found.append((paint, shift))
        if 0 < paint < PAINT_WITHIN and shift == 0:
            return
    raise AssertionError(f"largest paint in ms and shift of the layout, three times: {found}")
