"""A small typed client of Praktiknavet's API. Needs httpx; copy it and make it yours.

    from praktiknavet import Client

    with Client("http://127.0.0.1:8000", token="pnv_...") as api:
        for offer in api.search(q="svets", place="0562", km=80):
            print(offer["title"], offer["organisation"]["name"])

Every POST carries an `Idempotency-Key`, so that a request whose answer was lost is safely sent again. A refusal is a
`Refusal` with the stable code of docs/errors.md:

        try:
            api.apply(period_id)
        except Refusal as refusal:
            if refusal.code != "application.twice":
                raise
"""

from __future__ import annotations

import base64
import secrets
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, TypedDict, cast

import httpx

TRIES = 4
LONGEST_WAIT = 60.0


class Named(TypedDict):
    id: int
    name: str


class Code(TypedDict):
    code: str
    name: str


class Workplace(TypedDict):
    id: int
    name: str
    city: str
    municipality: Code | None


class Period(TypedDict):
    id: int
    start: str
    end: str
    seats: int
    free: int


class Offer(TypedDict):
    id: int
    state: str
    title: str
    organisation: Named
    workplace: Workplace
    form: Code
    occupation: Code | None
    apply_by: str | None
    periods: list[Period]


class OfferBrief(TypedDict):
    id: int
    title: str
    organisation: Named
    workplace: Workplace
    form: Code


class Student(TypedDict):
    name: str
    programme: Code | None
    class_name: str
    school: str


class Application(TypedDict):
    id: int
    state: str
    offer: OfferBrief
    period: Period
    student: Student
    motivation: str
    message: str
    answer_due_at: str
    hold_expires_at: str | None
    waiting_rank: int | None
    match: int | None


class Gate(TypedDict):
    code: str
    text: str
    is_open: bool
    is_blocking: bool


class Match(TypedDict):
    id: int
    state: str
    student: Student
    offer: OfferBrief
    start: str
    end: str
    gates: list[Gate] | None


class Placement(TypedDict):
    id: int
    state: str
    match: int
    student: Student
    offer: OfferBrief
    start: str
    end: str


class Suggestion(TypedDict):
    id: int
    score: float
    reasons: list[str]
    offer: Offer


class Organisation(TypedDict):
    organisation: Named
    role: str


class Me(TypedDict):
    name: str | None
    language: str
    is_student: bool
    organisations: list[Organisation]


class Problem(TypedDict):
    line: int
    column: str
    message: str


class Import(TypedDict):
    """state: `ready` after a check, `done` after an import, `faulty` when a row stands in the way."""

    id: int
    state: str
    rows: int
    created: int
    updated: int
    unchanged: int
    faulty: int
    problems: list[Problem]


class Export(TypedDict):
    id: int
    state: str
    rows: int | None


class NewPeriod(TypedDict):
    start: str
    end: str
    seats: int


class Refusal(Exception):
    """What the service would not do. `code` is stable, `detail` is for people, `errors` names the fields, `data` holds
    the ids and numbers of the refusal.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        errors: Sequence[dict[str, str]] = (),
        data: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors
        self.data = data or {}


class Client:
    """token: acts with what it was made for. session: the value of a browser's `sessionid` cookie, for decisions that
    only people take. language: `sv` or `en`. transport: for tests.
    """

    def __init__(
        self,
        base_url: str,
        *,
        token: str = "",
        session: str = "",
        language: str = "sv",
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        base_url = base_url.rstrip("/")
        headers = {"Accept": "application/json", "Accept-Language": language}
        cookies = {}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if session:
            # The service compares the cookie with the header: who can set both is no other site's page.
            csrf = secrets.token_hex(16)
            cookies = {"sessionid": session, "csrftoken": csrf}
            headers |= {"X-CSRFToken": csrf, "Referer": f"{base_url}/"}
        self._http = httpx.Client(
            base_url=f"{base_url}/api/v1/", headers=headers, cookies=cookies, transport=transport, timeout=20
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def me(self) -> Me:
        """Who the token or the session acts for."""
        return cast("Me", self._get("me/"))

    # --- places -----------------------------------------------------------------------------------------------------

    def search(self, **filters: Any) -> Iterator[Offer]:
        """All places that answer the filters of `offers/`, page after page."""
        return cast("Iterator[Offer]", self._rows("offers/", filters))

    def read_offer(self, offer_id: int) -> Offer:
        return cast("Offer", self._get(f"offers/{offer_id}/"))

    def write_offer(
        self, *, workplace: int, form: str, title: str, tasks: str, periods: Sequence[NewPeriod], **more: Any
    ) -> Offer:
        """A draft; `more` as in the documentation."""
        body = {"workplace": workplace, "form": form, "title": title, "tasks": tasks, "periods": list(periods), **more}
        return cast("Offer", self._post("offers/", body))

    def read_offer_to_change(self, offer_id: int) -> tuple[Offer, str]:
        """The place, and the tag of this version for `change_offer`."""
        response = self._send("GET", f"offers/{offer_id}/")
        return cast("Offer", response.json()), response.headers["ETag"]

    def change_offer(self, offer_id: int, *, seen: str = "", **changes: Any) -> Offer:
        """seen: the ETag of what you have read; the change is refused (412) when it is not current any more."""
        headers = {"If-Match": seen} if seen else {}
        return cast("Offer", self._send("PATCH", f"offers/{offer_id}/", json=changes, headers=headers).json())

    def submit_offer(self, offer_id: int) -> Offer:
        return cast("Offer", self._post(f"offers/{offer_id}/submit/"))

    def publish_offer(self, offer_id: int) -> Offer:
        return cast("Offer", self._post(f"offers/{offer_id}/publish/"))

    def copy_offer(self, offer_id: int) -> Offer:
        """Last year's place as a new draft, its periods moved into the future."""
        return cast("Offer", self._post(f"offers/{offer_id}/copy/"))

    def close_offer(self, offer_id: int) -> Offer:
        return cast("Offer", self._post(f"offers/{offer_id}/close/"))

    def own_workplaces(self) -> Iterator[Workplace]:
        return cast("Iterator[Workplace]", self._rows("workplaces/", {"own": "true"}))

    # --- applications ---------------------------------------------------------------------------------------------------

    def suggestions(self) -> Iterator[Suggestion]:
        return cast("Iterator[Suggestion]", self._rows("suggestions/", {}))

    def applications(self, **filters: Any) -> Iterator[Application]:
        return cast("Iterator[Application]", self._rows("applications/", filters))

    def apply(self, period_id: int, motivation: str = "") -> Application:
        return cast("Application", self._post("applications/", {"period": period_id, "motivation": motivation}))

    def offer_seat(self, application_id: int, message: str = "") -> Application:
        return cast("Application", self._post(f"applications/{application_id}/offer-seat/", {"message": message}))

    def waitlist(self, application_id: int, message: str = "") -> Application:
        return cast("Application", self._post(f"applications/{application_id}/waitlist/", {"message": message}))

    def decline(self, application_id: int, reason: str, message: str = "") -> Application:
        body = {"reason": reason, "message": message}
        return cast("Application", self._post(f"applications/{application_id}/decline/", body))

    def accept(self, application_id: int) -> Application:
        return cast("Application", self._post(f"applications/{application_id}/accept/"))

    def withdraw(self, application_id: int) -> Application:
        return cast("Application", self._post(f"applications/{application_id}/withdraw/"))

    # --- matches and placements -------------------------------------------------------------------------------------------

    def matches(self, **filters: Any) -> Iterator[Match]:
        return cast("Iterator[Match]", self._rows("matches/", filters))

    def approve(self, match_id: int) -> Match:
        return cast("Match", self._post(f"matches/{match_id}/approve/"))

    def reject(self, match_id: int, reason: str) -> Match:
        return cast("Match", self._post(f"matches/{match_id}/reject/", {"reason": reason}))

    def placements(self, **filters: Any) -> Iterator[Placement]:
        return cast("Iterator[Placement]", self._rows("placements/", filters))

    # --- tables and lists as files ------------------------------------------------------------------------------------------

    def import_places(
        self, table: bytes, *, organisation: int, file_name: str, dry_run: bool = True, patience: float = 300.0
    ) -> Import:
        """Every row of a CSV or XLSX file, or none; with dry_run only checked. `problems` says what stands in the way."""
        body = {
            "organisation": organisation,
            "file_name": file_name,
            "file": base64.b64encode(table).decode(),
            "dry_run": dry_run,
        }
        job = self._post("imports/", body)
        return cast("Import", self._wait(f"imports/{job['id']}/", job, {"checking", "running"}, patience))

    def export(self, name: str, *, table_format: str = "csv", patience: float = 120.0, **filters: str) -> bytes:
        """The list `name` of `exports/` as a CSV or XLSX file. Raises TimeoutError after `patience` seconds."""
        job = self._post("exports/", {"list": name, "format": table_format, "filters": filters})
        done = cast("Export", self._wait(f"exports/{job['id']}/", job, {"waiting"}, patience))
        return self._send("GET", f"exports/{done['id']}/file/").content

    def _wait(self, path: str, job: dict[str, Any], while_in: set[str], patience: float) -> Any:
        """The job as it is when a worker is through with it."""
        until = time.monotonic() + patience
        while job["state"] in while_in:
            if time.monotonic() > until:
                raise TimeoutError(f"{path} is still {job['state']}")
            time.sleep(1.0)
            job = self._get(path)
        return job

    # --- how it is said -----------------------------------------------------------------------------------------------------

    def _rows(self, path: str, filters: dict[str, Any]) -> Iterator[Any]:
        page = self._get(path, filters)
        while True:
            yield from page["results"]
            if not page["next"]:
                return
            page = self._get(page["next"])

    def _get(self, path: str, query: dict[str, Any] | None = None) -> Any:
        return self._send("GET", path, params=query).json()

    def _post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return self._send("POST", path, json=body or {}, headers={"Idempotency-Key": str(uuid.uuid4())}).json()

    def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Sends again when the answer was lost, the service was away or there were too many requests.

        The key makes that harmless for a POST. A PATCH whose answer was lost is not sent again: `If-Match` would refuse
        what it did itself.
        """
        for attempt in range(1, TRIES + 1):
            try:
                response = self._http.request(method, path, **request)
            except httpx.TransportError:
                if attempt == TRIES or method == "PATCH":
                    raise
                time.sleep(2.0**attempt / 10)
                continue
            if attempt < TRIES and _may_try_again(response):
                time.sleep(min(float(response.headers.get("Retry-After", 1)), LONGEST_WAIT))
                continue
            if response.is_error:
                raise _refusal(response)
            return response
        raise AssertionError("the last attempt answers or raises")


def _is_problem(response: httpx.Response) -> bool:
    return response.headers.get("Content-Type", "").startswith("application/problem+json")


def _may_try_again(response: httpx.Response) -> bool:
    """Nothing was done: too many requests, the service away, or the first request with this key is still running."""
    if response.status_code in {429, 503}:
        return True
    return (
        response.status_code == 409 and _is_problem(response) and response.json()["code"] == "idempotency.in_progress"
    )


def _refusal(response: httpx.Response) -> Refusal:
    if not _is_problem(response):
        return Refusal(response.status_code, "server.unknown", response.reason_phrase)
    body = response.json()
    return Refusal(response.status_code, body["code"], body["detail"], body["errors"], body["data"])
