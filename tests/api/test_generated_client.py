"""A client that openapi-python-client makes from the description does the main job and fetches a file."""

import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.core.wsgi import get_wsgi_application

from backend.accounts.models import User
from backend.api.schema import document
from backend.exchange.exports.services import run_export
from backend.exchange.models import ExportJob
from backend.placements.models import Placement
from backend.tokens.enums import Scope
from tests.api.desk import session as browser
from tests.api.desk import token_of
from tests.factories import CoordinatorFactory, MembershipFactory, StudentFactory, WorkplaceFactory
from tests.factories.work import handle_events

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_process")]
NAME = "praktiknavet_generated"


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The package as somebody would generate it; nothing in the description may be too much for the generator."""
    folder = tmp_path_factory.mktemp("generated")
    (folder / "openapi.json").write_text(json.dumps(document()))
    # Without the formatter that the generator would call afterwards.
    (folder / "config.yml").write_text("post_hooks: []\n")
    program = Path(sys.executable).with_name("openapi-python-client")
    command = [str(program), "generate", "--path", "openapi.json", "--config", "config.yml", "--meta", "none"]
    made = subprocess.run(
        [*command, "--output-path", NAME, "--fail-on-warning"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stdout + made.stderr
    sys.path.insert(0, str(folder))
    try:
        yield importlib.import_module(NAME)
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.partition(".")[0] == NAME]:
            del sys.modules[name]


Ask = Callable[..., Any]


@pytest.fixture
def asking(generated: ModuleType) -> Callable[..., Ask]:
    """`asking(user)` or `asking(token=...)` gives a function: module of the operation, its arguments -> what came back."""

    def of(user: User | None = None, *, token: str = "") -> Ask:
        transport = httpx.WSGITransport(app=get_wsgi_application())
        options: dict[str, Any] = {"base_url": "http://testserver", "httpx_args": {"transport": transport}}
        if token:
            client = generated.AuthenticatedClient(token=token, **options)
        else:
            assert user is not None
            csrf = "c" * 32
            cookies = {
                settings.SESSION_COOKIE_NAME: browser(user).cookies[settings.SESSION_COOKIE_NAME].value,
                settings.CSRF_COOKIE_NAME: csrf,
            }
            headers = {"X-CSRFToken": csrf, "Referer": "http://testserver/"}
            client = generated.Client(cookies=cookies, headers=headers, **options)

        def ask(operation: str, *path: int, body: tuple[str, dict[str, Any]] | None = None, **query: Any) -> Any:
            module = importlib.import_module(f"{NAME}.api.{operation}")
            if body is not None:
                shape, values = body
                query["body"] = getattr(importlib.import_module(f"{NAME}.models"), shape).from_dict(values)
            answer = module.sync_detailed(*path, client=client, **query)
            assert answer.status_code < 300, answer.content
            return answer.parsed

        return ask

    return of


def test_the_main_job(asking):
    workplace = WorkplaceFactory()
    owner = MembershipFactory(organisation=workplace.organisation, role="owner").user
    student = StudentFactory()
    company, coordinator, pupil = asking(owner), asking(CoordinatorFactory()), asking(student.user)
    place = {
        "workplace": workplace.pk,
        "form": "apl",
        "title": "CNC-operatör",
        "tasks": "Köra maskin.",
        "periods": [{"start": "2027-01-25", "end": "2027-02-19", "seats": 1}],
    }
    offer = company("offers.offers_create", body=("OfferInput", place))
    company("offers.offers_submit", offer.id)
    coordinator("offers.offers_publish", offer.id)
    handle_events()
    (found,) = pupil("offers.offers_list", q="CNC").results
    assert (found.id, found.occupation) == (offer.id, None)
    wish = {"period": found.periods[0].id, "motivation": "Jag vill lära mig."}
    application = pupil("applications.applications_create", body=("ApplicationInput", wish))
    company("applications.applications_offer_seat", application.id, body=("MessageInput", {"message": "Välkommen"}))
    pupil("applications.applications_accept", application.id)
    (match,) = coordinator("matches_and_placements.matches_list", to_decide=True).results
    coordinator("matches_and_placements.matches_approve", match.id)
    handle_events()
    (placement,) = pupil("matches_and_placements.placements_list").results
    assert placement.start == date(2027, 1, 25)
    assert Placement.objects.get().match_id == match.id


@pytest.mark.parametrize(("table_format", "begins_with"), [("csv", "\ufeff".encode()), ("xlsx", b"PK")])
def test_a_file_is_fetched_byte_by_byte(asking, table_format, begins_with):
    workplace = WorkplaceFactory(name="Verkstaden")
    owner = MembershipFactory(organisation=workplace.organisation, role="owner").user
    scopes = (Scope.EXPORTS_READ, Scope.OFFERS_READ)
    system = asking(token=token_of(owner, *scopes, organisation_id=workplace.organisation_id))
    wanted = {"list": "our-places", "format": table_format, "filters": {}}
    job = system("exports.exports_create", body=("ExportInput", wanted))
    run_export(job.id)
    content = system("exports.exports_file", job.id).payload.read()
    assert content == bytes(ExportJob.objects.get().file.content)
    assert content.startswith(begins_with)
