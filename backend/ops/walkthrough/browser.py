"""One person's browser: their cookies, the page they see, and the forms they send. HTTP and nothing else."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import httpx

from backend.accounts import totp
from backend.common import clock
from backend.ops.walkthrough.pages import File, Page, read_page
from backend.ops.walkthrough.timeline import NotSeenError

PATIENCE_SECONDS = 30.0
POLL_SECONDS = 0.3
CODE = re.compile(r"(?<![\w@.-])(\d{3}) ?(\d{3})(?![\w@-])")
MAIL_LIST = "/demo/mail/"
SET_UP, ASKED = "/konto/andra-steget/", "/konto/andra-steget/fraga/"
KEY = re.compile(r"\b[A-Z2-7]{4}(?: [A-Z2-7]{4}){7}\b")


@dataclass
class Browser:
    """Whoever `name` is, with the address they log in by. site: the address of the service."""

    site: str
    name: str
    email: str
    client: httpx.Client = field(init=False)
    read: set[str] = field(default_factory=set)
    # What this person's authenticator app was given, "" before it was.
    app_secret: str = ""
    last_step: int = 0

    def __post_init__(self) -> None:
        self.client = httpx.Client(
            base_url=self.site,
            follow_redirects=True,
            timeout=PATIENCE_SECONDS,
            headers={"User-Agent": "walkthrough", "Accept-Language": "sv", "Accept": "text/html"},
        )

    def get(self, address: str) -> Page:
        """The page at an address or path. Raises NotSeenError unless it opens for this person."""
        page = self._page(self.client.get(urljoin(self.site, address)))
        if page.status != 200:
            raise NotSeenError(f"{self.name} asked for {page.path}: {page.status}. {page.text[:300]}")
        return page

    def opens(self, address: str) -> bool:
        return self.client.get(urljoin(self.site, address)).status_code == 200

    def send(
        self, page: Page, values: dict[str, object] | None = None, *names: str, action: str = "", press: str = ""
    ) -> Page:
        """Fills the form of `page` that has the fields in, presses its button and returns the page that follows.

        names, action: which form, beside the names in `values`. Raises NotSeenError when the form or a field is missing, and
        when the service refuses what was sent.
        """
        values = values or {}
        form = page.form(*values, *names, action=action, press=press)
        data, files = form.filled(values, press)
        if form.method == "get":
            return self.get(str(httpx.URL(form.action).copy_merge_params(dict(data))))
        body: dict[str, list[str]] = {}
        for name, value in data:
            body.setdefault(name, []).append(value)
        upload = {name: (file.name, file.content, file.kind) for name, file in files.items()}
        answer = self.client.post(form.action, data=body, files=upload or None, headers={"Referer": page.url})
        seen = self._page(answer)
        if seen.status >= 400 or seen.errors:
            said = "; ".join(dict.fromkeys(seen.errors)) or seen.text[:400]
            raise NotSeenError(f"{self.name} sent the form on {page.path} and was refused ({seen.status}): {said}")
        return seen

    def wait(self, address: str, look: Callable[[Page], bool], what: str, seconds: float) -> Page:
        """The page at the address as soon as `look` finds in it what is waited for. Raises NotSeenError."""
        until = time.monotonic() + seconds
        while True:
            page = self.get(address)
            if look(page):
                return page
            if time.monotonic() > until:
                raise NotSeenError(f"{self.name} did not see within {seconds:.0f} s: {what}. {page.text[:500]}")
            time.sleep(POLL_SECONDS)

    def mail(self, *words: str, seconds: float = PATIENCE_SECONDS) -> Page:
        """The newest mail to this person not read yet that shows the words. Raises NotSeenError when none arrives."""
        until = time.monotonic() + seconds
        while True:
            for text, href in self.get(MAIL_LIST).links:
                if self.email in text and href not in self.read:
                    mail = self.get(href)
                    if mail.shows(*words):
                        self.read.add(href)
                        return mail
            if time.monotonic() > until:
                raise NotSeenError(f"no mail to {self.name} with {' '.join(words)!r} within {seconds:.0f} s")
            time.sleep(POLL_SECONDS)

    def sign_up(self) -> Page:
        """A new account with the code that the mail brings."""
        code_page = self.send(self.get("/konto/signup/"), {"email": self.email})
        return self._enter_code(code_page)

    def log_in(self) -> Page:
        """Into an account that somebody else has made, with the code that the mail brings."""
        code_page = self.send(self.get("/konto/login/"), {"login": self.email})
        return self._enter_code(code_page)

    def _enter_code(self, page: Page) -> Page:
        return self.second_step(self.send(page, {"code": self.code()}))

    def code(self) -> str:
        """The six digits of the newest mail. Raises NotSeenError when it has none."""
        mail = self.mail()
        found = CODE.search(mail.text)
        if found is None:
            raise NotSeenError(f"the mail to {self.name} brings no code of six digits: {mail.text[:300]}")
        return "".join(found.groups())

    def log_out(self) -> None:
        self.send(self.get("/konto/logout/"), {}, action="logout")

    def second_step(self, page: Page) -> Page:
        """Shows the app's code where it is asked for, and sets an app up where nothing else is open before."""
        if page.path == ASKED:
            return self.send(page, {"code": self._app_code()}, action=ASKED)
        return self._set_up_app() if page.path == SET_UP else page

    def _set_up_app(self) -> Page:
        page = self.get(f"{SET_UP}app/")
        found = KEY.search(page.text)
        if found is None:
            raise NotSeenError(f"{self.name} sees no key for an app: {page.text[:300]}")
        self.app_secret = found.group().replace(" ", "")
        shown = self.send(page, {"code": self._app_code()})
        return self.send(shown.must_show("återställningskoder"), {}, press="keep")

    def _app_code(self) -> str:
        """The code of a step not used yet: an app's owner waits for the next one as well."""
        step = totp.step_at(clock.now())
        while step <= self.last_step:
            time.sleep(POLL_SECONDS)
            step = totp.step_at(clock.now())
        self.last_step = step
        return totp.code_of(self.app_secret, step)

    def _page(self, answer: httpx.Response) -> Page:
        html = answer.text if "html" in answer.headers.get("content-type", "") else ""
        return read_page(str(answer.url), answer.status_code, html)

    def close(self) -> None:
        self.client.close()


def number_in(address: str) -> int:
    """The last number of a path, such as that of an offer."""
    found = re.findall(r"/(\d+)/", urlsplit(address).path)
    if not found:
        raise NotSeenError(f"no number in {address}")
    return int(found[-1])


__all__ = ["Browser", "File", "number_in"]
