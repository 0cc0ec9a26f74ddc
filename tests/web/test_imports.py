"""The pages of an import: what they show in each state, and that they show it to the own tenant only."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from backend.common.models import LogEntry
from backend.exchange.models import ImportFile, ImportJob
from backend.offers.enums import OfferState
from backend.offers.models import Offer
from backend.students.models import Student
from tests.exchange.files import CLASS_HEADINGS, CLASS_ROW, OFFER_HEADINGS, OFFER_ROW, csv_file, work
from tests.factories import CoordinatorFactory
from tests.web.desk import logged_in, make_company

pytestmark = pytest.mark.django_db


def upload(client, name: str, owner: str, rows, **more):
    file = SimpleUploadedFile("tabell.csv", csv_file(rows), content_type="text/csv")
    return client.post(reverse(name), {"owner": owner, "file": file, **more})


def mapping_of(job: ImportJob) -> dict[str, str]:
    return {name: str(column) for name, column in job.mapping.items()}


def test_places_from_upload_to_undo():
    company = make_company()
    company.owner.language = "en"
    company.owner.save()
    response = upload(company.client, "employer_imports", str(company.organisation.pk), [OFFER_HEADINGS, OFFER_ROW])
    job = ImportJob.objects.get()
    page = reverse("import", args=[job.pk])
    assert response["Location"] == page
    assert "Which column is what?" in company.client.get(page).text
    company.client.post(reverse("import_check", args=[job.pk]), mapping_of(job))
    assert "being checked" in company.client.get(page).text
    work(job)
    text = company.client.get(page).text
    assert "Every row can be imported" in text
    assert "Svetsa i rostfritt" in text
    company.client.post(reverse("import_run", args=[job.pk]))
    assert "being imported" in company.client.get(page).text
    work(job)
    assert "Undo the import" in company.client.get(page).text
    assert Offer.objects.count() == 1
    company.client.post(reverse("import_undo", args=[job.pk]))
    assert not Offer.objects.exists()


def test_class_lists_and_their_errors():
    coordinator = CoordinatorFactory(language="en")
    desk = logged_in(coordinator)
    rows = [CLASS_HEADINGS, CLASS_ROW, ["ingen adress", *CLASS_ROW[1:]]]
    upload(desk, "coordinator_imports", "0562", rows, form="prao")
    job = ImportJob.objects.get()
    desk.post(reverse("import_check", args=[job.pk]), mapping_of(job))
    work(job)
    text = desk.get(reverse("import", args=[job.pk])).text
    assert "Nothing has been imported" in text
    assert "not an e-mail address" in text
    assert not Student.objects.exists()
    table = desk.get(reverse("import_rejected_csv", args=[job.pk])).content.decode("utf-8-sig")
    assert table.splitlines()[0].endswith("Line;Reason")
    assert "ingen adress" in table
    desk.post(reverse("import_discard", args=[job.pk]))
    assert not ImportFile.objects.exists()


def test_what_is_wrong_on_many_rows_is_said_once_with_their_number():
    desk = logged_in(CoordinatorFactory(language="en"))
    headings = [*CLASS_HEADINGS, "Program"]
    rows = [[f"{number}@skola.example", *CLASS_ROW[1:], "Svetslinjen"] for number in range(3)]
    upload(desk, "coordinator_imports", "0562", [headings, *rows, ["ingen adress", *CLASS_ROW[1:], "IN"]], form="apl")
    job = ImportJob.objects.get()
    desk.post(reverse("import_check", args=[job.pk]), mapping_of(job))
    work(job)
    [(problem, number)] = desk.get(reverse("import", args=[job.pk])).context["repeated"]
    assert (problem.column, problem.value, number) == ("Program", "Svetslinjen", 3)


def test_a_coordinator_imports_places_for_the_organisations_of_the_municipality():
    coordinator = CoordinatorFactory(language="en")
    desk = logged_in(coordinator)
    company, other, elsewhere = make_company(), make_company(), make_company(municipality_id="2580")
    headings = [*OFFER_HEADINGS, "Organisation"]
    rows = [headings, [*OFFER_ROW, company.organisation.name], [*OFFER_ROW, other.organisation.name]]
    upload(desk, "coordinator_offer_imports", "0562", rows)
    job = ImportJob.objects.get()
    desk.post(reverse("import_check", args=[job.pk]), mapping_of(job))
    work(job)
    assert "Every row can be imported" in desk.get(reverse("import", args=[job.pk])).text
    desk.post(reverse("import_run", args=[job.pk]))
    work(job)
    shown = desk.get(reverse("import", args=[job.pk])).context["outcome_url"]
    assert shown == reverse("coordinator_offers"), "the queue: a coordinator has no list of own places"
    offers = list(Offer.objects.order_by("pk"))
    assert [offer.organisation for offer in offers] == [company.organisation, other.organisation]
    assert {offer.state for offer in offers} == {OfferState.SUBMITTED}
    entries = LogEntry.objects.filter(action="offer.created")
    assert {(entry.actor, entry.data["on_behalf"]) for entry in entries} == {(coordinator, True)}
    assert "Svetsa i rostfritt" in company.client.get(reverse("employer_offers")).text
    assert company.client.get(reverse("import", args=[job.pk])).status_code == 404
    assert job.file_name in desk.get(reverse("coordinator_offer_imports")).text
    assert job.file_name not in desk.get(reverse("coordinator_imports")).text
    assert elsewhere.organisation.offers.count() == 0


def test_a_row_of_a_coordinator_names_one_workplace_of_the_municipality():
    desk = logged_in(CoordinatorFactory(language="en"))
    make_company(), make_company(), make_company(municipality_id="2580", name="Luleverken")
    luleverken = [OFFER_ROW[0], "Luleverken", *OFFER_ROW[2:]]
    upload(desk, "coordinator_offer_imports", "0562", [OFFER_HEADINGS, OFFER_ROW, luleverken])
    job = ImportJob.objects.get()
    desk.post(reverse("import_check", args=[job.pk]), mapping_of(job))
    work(job)
    text = desk.get(reverse("import", args=[job.pk])).text
    assert "Several organisations have a workplace with this name." in text
    assert "There is no such workplace in the municipality." in text
    assert upload(desk, "coordinator_offer_imports", "2580", [OFFER_HEADINGS, OFFER_ROW]).status_code == 400


def test_a_file_that_can_not_be_read_is_refused_next_to_its_field():
    company = make_company()
    response = upload(company.client, "employer_imports", str(company.organisation.pk), [["bara rubriker"]])
    assert response.status_code == 400
    assert "There are no rows below the headings." in response.text
    response = company.client.post(reverse("employer_imports"), {"owner": str(company.organisation.pk)})
    assert response.status_code == 400
    assert not ImportJob.objects.exists()


def test_every_required_column_that_is_not_chosen_is_named_at_once():
    company = make_company()
    upload(company.client, "employer_imports", str(company.organisation.pk), [OFFER_HEADINGS, OFFER_ROW])
    job = ImportJob.objects.get()
    chosen = mapping_of(job) | {"title": "", "tasks": ""}
    response = company.client.post(reverse("import_check", args=[job.pk]), chosen)
    assert response.status_code == 400
    assert response.context["form"].errors == {
        name: ["Choose the column that says this."] for name in ("title", "tasks")
    }
    assert "Choose the column that says this." in response.text


def test_another_organisation_can_not_be_named_and_others_imports_are_unknown():
    company, other = make_company(), make_company()
    response = upload(company.client, "employer_imports", str(other.organisation.pk), [OFFER_HEADINGS, OFFER_ROW])
    assert response.status_code == 400
    assert not ImportJob.objects.exists()
    upload(company.client, "employer_imports", str(company.organisation.pk), [OFFER_HEADINGS, OFFER_ROW])
    job = ImportJob.objects.get()
    before = ImportJob.objects.values().get()
    for client in (other.client, logged_in(CoordinatorFactory())):
        for name in ("import", "import_rejected_csv"):
            assert client.get(reverse(name, args=[job.pk])).status_code == 404
        for name in ("import_check", "import_run", "import_undo", "import_discard"):
            assert client.post(reverse(name, args=[job.pk])).status_code == 404
    assert ImportJob.objects.values().get() == before


@pytest.mark.parametrize("kind", ["offers", "class-list"])
def test_the_template_can_be_filled_in_and_lists_what_is_allowed(kind):
    company = make_company()
    for ending in ("csv", "xlsx"):
        assert company.client.get(reverse(f"import_template_{ending}", args=[kind])).status_code == 200
    lists = company.client.get(reverse("import_template_csv", args=[kind]), {"lists": "1"}).content.decode("utf-8-sig")
    assert "apl" in lists
    assert company.client.get(reverse("import_template_csv", args=["unknown"])).status_code == 404


def test_the_list_asks_as_many_questions_for_ten_imports_as_for_one(django_assert_max_num_queries):
    company = make_company()

    def questions() -> int:
        with django_assert_max_num_queries(30) as asked:
            company.client.get(reverse("employer_imports"))
        return len(asked)

    upload(company.client, "employer_imports", str(company.organisation.pk), [OFFER_HEADINGS, OFFER_ROW])
    questions()
    before = questions()
    for _number in range(9):
        upload(company.client, "employer_imports", str(company.organisation.pk), [OFFER_HEADINGS, OFFER_ROW])
    assert questions() == before
