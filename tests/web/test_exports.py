"""Lists as files: the rows of the page, in both formats, of one's own tenant only, and logged when people stand in them."""

import io
import re

import pytest
from django.conf import settings
from django.urls import reverse
from openpyxl import load_workbook

from backend.applications import services as applications
from backend.common.models import LogEntry
from backend.exchange.exports.registry import EXPORTS
from backend.offers.enums import OfferState
from backend.organisations.models import Workplace
from backend.placements import services as placements
from backend.placements.enums import MatchSource
from backend.students.services import AlertDetails, save_alert
from backend.web import exported_lists
from tests.factories import CoordinatorFactory, NetworkOfficerFactory, OfferFactory, StudentFactory, WorkplaceFactory
from tests.rounds.world import World
from tests.web.desk import logged_in, make_company, only_period

pytestmark = pytest.mark.django_db


def texts(client, name: str, **query: str) -> str:
    """The list as CSV; both formats must hold the same number of rows."""
    text = client.get(reverse(f"{name}_csv"), query).content.decode("utf-8-sig")
    xlsx = client.get(reverse(f"{name}_xlsx"), query)
    assert xlsx["Content-Type"].endswith("spreadsheetml.sheet")
    sheet = load_workbook(io.BytesIO(xlsx.content)).active
    assert sheet.max_row >= 1
    return text


@pytest.fixture
def job():
    """Two companies; one has a student who is placed and one who waits."""
    coordinator = CoordinatorFactory()
    company, other = make_company(), make_company(municipality_id="2081")
    offer = company.offer(title="Svetsa i rostfritt")
    other.offer(title="Andras plats")
    placed, waiting = StudentFactory(user__name="Maja Lind"), StudentFactory(user__name="Otto Berg")
    rows = [
        applications.submit_application(actor=each.user, period_id=only_period(offer).pk) for each in (placed, waiting)
    ]
    applications.offer_seat(actor=company.owner, application_id=rows[0].pk)
    accepted = applications.accept_seat(actor=placed.user, application_id=rows[0].pk)
    return company, other, coordinator, accepted, waiting


def test_an_employers_lists_hold_own_rows_only(job):
    company, other, coordinator, accepted, _waiting = job
    placements.approve_match(actor=coordinator, match_id=accepted.match_id)
    assert "Svetsa i rostfritt" in texts(company.client, "employer_offers")
    assert "Andras plats" not in texts(company.client, "employer_offers")
    assert "Maja Lind" in texts(company.client, "employer_placements")
    assert "Maja Lind" not in texts(other.client, "employer_placements")
    assert company.owner.email in texts(company.client, "employer_team")
    assert company.owner.email not in texts(other.client, "employer_team")
    assert texts(company.client, "employer_workplaces").count("Verkstaden") == Workplace.objects.count() - 1


def test_a_coordinators_lists_hold_the_own_municipality_only(job):
    _company, _other, coordinator, accepted, _waiting = job
    near, far = logged_in(coordinator), logged_in(CoordinatorFactory(municipality="2081"))
    assert "Maja Lind" in texts(near, "coordinator_matches")
    assert "Maja Lind" not in texts(far, "coordinator_matches")
    placements.approve_match(actor=coordinator, match_id=accepted.match_id)
    assert "Maja Lind" in texts(near, "coordinator_placements")
    assert "Maja Lind" not in texts(far, "coordinator_placements")
    assert "Otto Berg" in texts(near, "coordinator_students")
    assert "Otto Berg" not in texts(far, "coordinator_students")


def test_a_protected_student_is_in_no_file_of_the_coordinator(job):
    _company, _other, coordinator, accepted, waiting = job
    for student in (accepted.student, waiting):
        student.is_protected, student.alias = True, "Elev 7"
        student.save()
    desk = logged_in(coordinator)
    for name in ("coordinator_matches", "coordinator_students", "coordinator_placements", "coordinator_silence"):
        text = texts(desk, name)
        assert "Maja" not in text, name
        assert "Otto" not in text, name
        assert "Elev 7" not in text, name


def test_taking_people_is_logged_and_taking_places_is_not(job):
    company, _other, _coordinator, _accepted, _waiting = job
    company.client.get(reverse("employer_offers_csv"))
    assert not LogEntry.objects.filter(action="export.taken").exists()
    company.client.get(reverse("employer_team_xlsx"))
    entry = LogEntry.objects.get(action="export.taken")
    assert (entry.actor, entry.data) == (company.owner, {"what": "colleagues", "rows": 1})


def test_the_filter_of_the_page_is_the_filter_of_the_file(job):
    company, *_rest = job
    company.offer(title="Ett utkast", state=OfferState.DRAFT, published_at=None)
    assert "Ett utkast" not in texts(company.client, "employer_offers", state="published")
    assert "Svetsa" not in texts(company.client, "employer_offers", state="draft")


def test_the_search_is_open_to_everyone_and_knows_its_filters(client):
    OfferFactory(title="Laga truckar")
    OfferFactory(title="Sy gardiner", state=OfferState.DRAFT, published_at=None)
    text = texts(client, "search", q="truckar")
    assert "Laga truckar" in text
    assert "Sy gardiner" not in text
    assert "Laga truckar" not in texts(client, "search", q="finnsinte")


def test_a_students_own_lists():
    student = StudentFactory()
    save_alert(actor=student.user, details=AlertDetails(name="=CNC", text="cnc"))
    client = logged_in(student.user)
    assert "'=CNC" in texts(client, "alerts")
    for name in ("suggestions", "notifications", "student_applications"):
        assert texts(client, name)


def test_the_rows_cost_a_constant_number_of_questions(job, django_assert_max_num_queries):
    company, _other, coordinator, _accepted, _waiting = job
    desk = logged_in(coordinator)

    def questions() -> dict[str, int]:
        found = {}
        for pattern in exported_lists.urlpatterns:
            client = company.client if pattern.name.startswith("employer") else desk
            if pattern.name.endswith("csv") and pattern.name.startswith(("employer", "coordinator", "search")):
                ids = [company.organisation.offers.earliest("pk").pk] if "offer_id" in str(pattern.pattern) else []
                with django_assert_max_num_queries(40) as asked:
                    assert client.get(reverse(pattern.name, args=ids)).status_code == 200
                found[str(pattern.name)] = len(asked)
        return found

    def one_more() -> None:
        offer = company.offer()
        row = applications.submit_application(actor=StudentFactory().user, period_id=only_period(offer).pk)
        applications.offer_seat(actor=company.owner, application_id=row.pk)
        applications.accept_seat(actor=row.student.user, application_id=row.pk)
        company.offer(state=OfferState.SUBMITTED, published_at=None, submitted_at=offer.published_at)

    one_more()
    questions()
    before = questions()
    for _number in range(4):
        one_more()
    assert questions() == before


# Templates with rows but without a file, and why.
WITHOUT_A_FILE = {
    "account/tokens.html": "settings",
    "coordinator/class_board.html": "the students, which have one",
    "coordinator/ledger.html": "one thing",
    "coordinator/match_table.html": "part of a page that has one",
    "coordinator/offer.html": "one thing",
    "coordinator/protected.html": "protected identities are never copied",
    "coordinator/protected_student.html": "protected identities are never copied",
    "coordinator/retention.html": "rules, and a protocol without persons",
    "coordinator/settings.html": "settings",
    "coordinator/student.html": "one student",
    "coordinator/student_table.html": "part of a page that has one",
    "coordinator/unclaimed.html": "answered here, one by one, until it is empty",
    "employer/home.html": "the first of lists that have one",
    "employer/offer.html": "one thing",
    "exchange/_mapping.html": "the first rows of the file itself",
    "exchange/imports.html": "each row is a file",
    "exchange/open_data.html": "leads to files",
    "exchange/webhook.html": "one thing",
    "exchange/webhooks.html": "settings",
    "network/grants.html": "protected identities are never copied",
    "network/invariants.html": "figures of the service, nobody's rows",
    "notifications/settings.html": "settings",
    "public/embed.html": "the search, which has one",
    "public/municipality.html": "the search, which has one",
    "public/offer.html": "one thing",
    "public/skills.html": "has its own open data",
    "public/start.html": "the search, which has one",
    "rounds/_bars.html": "figures of one run",
    "rounds/_fairness.html": "figures of one run",
    "rounds/board.html": "one run, whose results have one",
    "rounds/employer_index.html": "a handful",
    "rounds/index.html": "a handful, each with files of its own",
    "rounds/rank.html": "an order to put, gone when it is put",
    "rounds/run.html": "one run, whose results have one",
    "rounds/runs.html": "a handful",
    "rounds/seats.html": "a form",
    "student/apply.html": "three places instead, of the search, which has one",
    "student/application.html": "a few of the search, which has one",
    "student/home.html": "a few of the search, which has one",
}
PAGES = settings.TEMPLATES_DIR / "pages"


def test_every_page_with_rows_has_a_file_or_a_reason():
    rows = re.compile(r"<c-data-table|<c-places|<c-pagination")
    texts_of = {path.relative_to(PAGES).as_posix(): path.read_text() for path in PAGES.rglob("*.html")}
    without = {name for name, text in texts_of.items() if rows.search(text) and "<c-download" not in text}
    assert without == set(WITHOUT_A_FILE)


def test_the_network_offices_files_hide_counts_under_five():
    CoordinatorFactory()
    StudentFactory.create_batch(4)
    office = logged_in(NetworkOfficerFactory())
    assert "Finspång;Östergötlands län;Confirmed;1;0;0;under 5;under 5" in texts(office, "network_home")
    assert "0562;Finspång" in texts(office, "network_members")
    assert len(texts(office, "network_jobs").splitlines()) > 5


def test_the_desks_further_lists_hold_the_own_rows_only(job):
    company, *_rest = job
    near, far = logged_in(CoordinatorFactory()), logged_in(CoordinatorFactory(municipality="2580"))
    assert company.organisation.name in texts(near, "coordinator_organisations")
    assert company.organisation.name not in texts(far, "coordinator_organisations")
    assert texts(near, "tasks").startswith("What")


def test_the_students_of_a_round_as_a_file():
    world = World(1).open()
    world.student(0, user__name="Önskar Ett")
    world.student(user__name="Tyst Annan")
    world.student(user__name="Hemlig", is_protected=True, alias="Elev 7")
    desk, far = logged_in(world.coordinator), logged_in(CoordinatorFactory(municipality="2580"))
    address = reverse("round_participants_csv", args=[world.round.pk])
    everyone = desk.get(address).content.decode()
    assert ("Önskar Ett" in everyone, "Tyst Annan" in everyone) == (True, True)
    assert re.search("Hemlig|Elev 7", everyone) is None
    assert "Önskar Ett" not in desk.get(address, {"show": "silent"}).content.decode()
    assert "Önskar Ett" in desk.get(reverse("round_results_csv", args=[world.round.pk])).content.decode()
    for name in ("round_participants_csv", "round_results_xlsx"):
        assert far.get(reverse(name, args=[world.round.pk])).status_code == 404


def test_every_file_of_a_page_is_a_list_that_programs_may_ask_for_and_the_other_way_round():
    """Pages and programs read the same entries: one beside `EXPORTS` would be a second definition."""
    served = {view.export.name: view.export for view in (pattern.callback for pattern in exported_lists.urlpatterns)}
    assert served == EXPORTS
    assert not [name for name in downloads() if not name.startswith("import_") and name not in names_of_files()]


def downloads() -> set[str]:
    """What the pages offer to download."""
    tag = re.compile(r'<c-download name="(\w+)"')
    return {name for path in PAGES.rglob("*.html") for name in tag.findall(path.read_text())}


def names_of_files() -> set[str]:
    return {str(pattern.name).removesuffix("_csv") for pattern in exported_lists.urlpatterns}


def test_the_network_office_takes_no_persons_away():
    """It decides what belongs to no municipality, on the page. A file with names in it is for coordinators."""
    match = accepted_match_without_municipality()
    office = logged_in(NetworkOfficerFactory())
    page = office.get(reverse("coordinator_matches")).text
    assert match.student.user.name in page
    assert reverse("coordinator_matches_csv") not in page
    for name in ("coordinator_matches", "coordinator_placements", "tasks"):
        assert office.get(reverse(f"{name}_csv")).status_code == 403
        assert reverse(f"{name}_xlsx") not in office.get(reverse(name)).text
    assert not LogEntry.objects.filter(action="export.taken").exists()


def accepted_match_without_municipality():
    """Both said yes, and neither the student nor the place belongs to a municipality of the network."""
    student = StudentFactory(municipality=None, user__name="Vilma Fjärran")
    workplace = WorkplaceFactory(municipality=None)
    return placements.propose_match(
        actor=None,
        student=student,
        period=OfferFactory(workplace=workplace).periods.get(),
        source=MatchSource.APPLICATION,
    )
