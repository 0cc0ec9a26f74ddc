"""A copy of one's data: asked for, waited for and fetched on one page, in a phone and without a mouse."""

import io
import zipfile
from pathlib import Path

from django.urls import reverse
from playwright.sync_api import expect

from backend.privacy.models import DataCopy
from backend.privacy.runner import run_data_copy
from tests.browser.conftest import axe_findings, is_wider_than_window
from tests.factories import StudentFactory, UserFactory


def test_a_student_asks_for_a_copy_and_fetches_it(visit):
    student = StudentFactory(user=UserFactory(name="Elin Dahlqvist"))
    page = visit(reverse("student_profile"), user=student.user, size="phone")
    page.get_by_role("link", name="En kopia av dina uppgifter").click()
    expect(page.get_by_text("Du har inte bett om någon kopia")).to_be_visible()
    page.get_by_role("button", name="Be om en kopia").click()
    expect(page.get_by_text("Görs nu", exact=True)).to_be_visible()
    assert axe_findings(page) == []
    assert not is_wider_than_window(page)
    run_data_copy(DataCopy.objects.get().pk)
    # The page looks by itself whether it is ready.
    link = page.get_by_role("link", name="Hämta filen (zip)")
    expect(link).to_be_visible(timeout=15_000)
    with page.expect_download() as waiting:
        link.click()
    archive = zipfile.ZipFile(io.BytesIO(Path(waiting.value.path()).read_bytes()))
    readable = archive.read("uppgifter.html").decode()
    assert "Elin Dahlqvist" in readable
    assert "Födelsedatum" in readable
