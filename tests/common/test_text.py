"""What looks the same is the same, whichever door it comes in by."""

import unicodedata
from datetime import date

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import get_user_model
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from backend.accounts.models import User
from backend.common.text import clean_address, clean_line, clean_text
from backend.exchange.fields import RowReader
from backend.ops.imports.files import read_csv, read_json
from backend.students.models import Alert, Student, StudentGroup
from tests.exchange.files import CLASS_HEADINGS, CLASS_ROW, csv_file
from tests.exchange.test_imports import imported, upload_class
from tests.factories import CoordinatorFactory, OfferFactory, StudentFactory, UserFactory

APPRENTICE = "lärling"
DECOMPOSED = unicodedata.normalize("NFD", APPRENTICE)


class TestCleanText:
    @pytest.mark.parametrize(
        ("text", "clean"),
        [
            (DECOMPOSED, APPRENTICE),
            ("lär\u00adling", APPRENTICE),
            ("\ufeff9A", "9A"),
            ("9\u2060A\u200b", "9A"),
            ("Karl\u00a0Berg", "Karl Berg"),
            ("Karl\u202fBerg", "Karl Berg"),
            ("  Karl\u200e Berg\u202c ", "Karl Berg"),
            ("Karl\x07Berg\x00", "KarlBerg"),
            ("rad ett\nrad två", "rad ett\nrad två"),
            ("\ud800", ""),
            ("می\u200cخواهم", "می\u200cخواهم"),
            ("", ""),
        ],
    )
    def test_what_comes_along_unseen_goes_and_what_is_read_stays(self, text, clean):
        assert clean_text(text) == clean

    def test_a_line_is_one_line_and_an_address_has_no_space(self):
        assert clean_line("Karl\r\nBcc: x\t y") == "Karl Bcc: x y"
        assert clean_address(" Maja@Skola.example\u200b ") == "maja@skola.example"

    @given(st.text())
    def test_cleaning_twice_is_cleaning_once(self, text):
        assert clean_text(clean_text(text)) == clean_text(text)

    @given(st.text())
    def test_composed_and_decomposed_come_to_the_same(self, text):
        assert clean_text(unicodedata.normalize("NFD", text)) == clean_text(unicodedata.normalize("NFC", text))


@pytest.mark.django_db
class TestDoors:
    def test_search_page_and_program_find_the_same_by_both(self, client):
        OfferFactory(title="Bli lärling hos oss")
        for text in (APPRENTICE, DECOMPOSED, "lär\u00adling", "\u200blärling"):
            page = client.get(reverse("search"), {"q": text})
            assert [row["title"] for row in page.context["rows"]] == ["Bli lärling hos oss"]
            answer = client.get("/api/v1/offers/", {"q": text}).json()
            assert [row["title"] for row in answer["results"]] == ["Bli lärling hos oss"]

    def test_a_place_copied_from_a_page(self, client):
        OfferFactory(title="Svarva")
        page = client.get(reverse("search"), {"where": unicodedata.normalize("NFD", "Finspång") + "\u200b"})
        assert page.context["where"] == "Finspång"
        assert [row["title"] for row in page.context["rows"]] == ["Svarva"]

    def test_a_class_list_written_on_a_mac_is_of_the_same_class(self):
        coordinator = CoordinatorFactory()
        other = ["o\u200btto@skola.example", "Otto A\u030aberg", "8\u2060B", "Bergska\u00a0skolan", "2012-09-30"]
        imported(upload_class(coordinator, csv_file([CLASS_HEADINGS, CLASS_ROW])))
        headings = [unicodedata.normalize("NFD", each) for each in CLASS_HEADINGS]
        imported(upload_class(coordinator, csv_file([headings, other])))
        assert StudentGroup.objects.get().students.count() == 2
        otto = Student.objects.get(user__email="otto@skola.example")
        assert (otto.user.name, otto.class_name, otto.school) == ("Otto Åberg", "8B", "Bergska skolan")

    def test_login_with_an_invisible_space_in_the_address_is_the_same_account(self, client, mailoutbox):
        user = UserFactory(email="maja@skola.example")
        EmailAddress.objects.get_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
        client.post(reverse("account_login"), {"login": "\u200bmaja@skola\u2060.example"})
        assert [mail.to for mail in mailoutbox] == [["maja@skola.example"]]
        assert get_user_model().objects.count() == 1

    def test_sign_up_with_an_invisible_space_makes_the_plain_address(self, client, mailoutbox):
        client.post(reverse("account_signup"), {"email": "ny\u200b@skola.example"})
        code = next(line for line in mailoutbox[0].body.splitlines() if line.isdigit())
        client.post(reverse("account_confirm_login_code"), {"code": code})
        assert list(User.objects.values_list("email", flat=True)) == ["ny@skola.example"]

    def test_an_account_made_by_hand(self):
        user = User.objects.create_user(" Ny\u200b@skola.example", name="Ny\r\nBcc: x")
        assert (user.email, user.name) == ("ny@skola.example", "Ny Bcc: x")

    def test_an_alert_by_form_and_by_program(self, client):
        student = StudentFactory()
        client.force_login(student.user)
        client.post(reverse("alert_new"), {"name": "Mina\u200b", "text": DECOMPOSED})
        answer = client.post(
            "/api/v1/alerts/", {"name": "Mina\u200b", "text": DECOMPOSED}, content_type="application/json"
        )
        assert answer.status_code == 201, answer.json()
        assert list(Alert.objects.values_list("name", "text")) == [("Mina", APPRENTICE)] * 2

    def test_a_number_with_unseen_spaces_in_a_file(self):
        reader = RowReader({"seats": "1\u2009000", "first_day": "2027\u2060-01-25"})
        assert reader.number("seats", default=1, lowest=1, highest=9999) == 1000
        assert reader.day("first_day") == date(2027, 1, 25)

    def test_files_of_other_services(self, tmp_path):
        table, value = tmp_path / "a.csv", tmp_path / "a.json"
        table.write_text("Namn\nFinspa\u030ang\u00a0\n", encoding="utf-8")
        value.write_text('{"name": ["Finspa\u030ang\u200b"]}', encoding="utf-8")
        assert [row for _line, row in read_csv(table, ("Namn",))] == [{"Namn": "Finspång"}]
        assert read_json(value) == {"name": ["Finspång"]}
