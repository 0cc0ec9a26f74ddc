"""An empty service, installed as `make run` does, serves whoever comes through its doors: played by page from nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from backend.ops.runner.ports import free_port
from backend.ops.walkthrough.browser import CODE
from backend.ops.walkthrough.pages import File, read_page
from backend.ops.walkthrough.timeline import NotSeenError
from tests.ops.installed import made_once, run_level, shared_folder
from tests.ops.processes import Running, assert_nothing_left, clean_environment

pytestmark = pytest.mark.real_clock

PAGE = """<html><head><title>T</title></head><body><p class="err">Fel här</p>
<form action="/ny/" method="post" id="f"><input type="hidden" name="token" value="x">
<label for="n">Namn</label><input id="n" name="name" value="Ada"><textarea name="why">
Ja &amp; nej</textarea>
<label><input type="radio" name="kind" value="a" checked><span>Ett</span></label>
<label><input type="radio" name="kind" value="b"><span>Två</span></label>
<label><input type="checkbox" name="many" value="1"><span>Första</span></label>
<label><input type="checkbox" name="many" value="2"><span>Andra</span></label>
<select name="town"><option value="">Välj</option><option value="0562">Finspång</option></select>
<input type="file" name="file"><button name="do" value="save">Spara</button></form>
<button form="f" name="do" value="later">Senare</button><a href="/x/7/"><span>En</span> länk</a></body></html>"""


class TestWhatABrowserMakesOfAPage:
    def test_fields_stand_as_they_are_unless_they_are_filled(self) -> None:
        form = read_page("http://h/p/", 200, PAGE).form("name")
        assert form.filled({}, "") == (
            [("token", "x"), ("name", "Ada"), ("why", "Ja & nej"), ("kind", "a"), ("town", ""), ("do", "save")],
            {},
        )

    def test_choices_are_named_by_value_or_words(self) -> None:
        file = File("k.csv", b"1")
        page = read_page("http://h/p/", 200, PAGE)
        given: dict[str, object] = {"kind": "Två", "many": ["1", "Andra"], "town": "Finspång", "file": file}
        data, files = page.form("name").filled(given, "Senare")
        assert data[3:] == [("kind", "b"), ("many", "1"), ("many", "2"), ("town", "0562"), ("do", "later")]
        assert files == {"file": file}

    def test_what_is_not_there_can_not_be_filled_or_pressed(self) -> None:
        page = read_page("http://h/p/", 200, PAGE)
        for values, press in (({"age": "7"}, ""), ({"town": "Atlantis"}, ""), ({}, "Radera")):
            with pytest.raises(NotSeenError):
                page.form("name").filled(values, press)
        with pytest.raises(NotSeenError):
            page.form("age")
        with pytest.raises(NotSeenError):
            page.must_show("Hemligt")

    def test_words_links_and_errors(self) -> None:
        page = read_page("http://h/p/", 200, PAGE)
        assert page.errors == ["Fel här"]
        assert page.link("länk") == page.numbered("/x/") == "http://h/x/7/"
        assert "T" not in page.text.split()

    @pytest.mark.parametrize(("text", "code"), [("Koden är 123 456.", "123456"), ("a.w012345@x.se 987654", "987654")])
    def test_a_code_is_not_a_part_of_an_address(self, text: str, code: str) -> None:
        found = CODE.search(text)
        assert found
        assert "".join(found.groups()) == code


@pytest.mark.slow
def test_newcomers_are_served_from_the_first_office_to_a_published_round(
    data: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    python = made_once(shared_folder(tmp_path_factory), "run", run_level)
    checkout = python.parents[2]
    environment = clean_environment() | {"DATA_DIR": str(data), "PORT": str(free_port()), "SEED": "none"}
    process = subprocess.Popen(
        [str(python), "-m", "backend.ops.runner"], cwd=checkout, env=environment, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    service = Running(process)
    try:
        assert "create_user --role network" in service.wait_for("create_user")
        service.wait_for("ready after")
        played = subprocess.run(
            [str(python), "-m", "backend.manage", "walkthrough", "--empty", "--timeout", "120"], cwd=checkout, check=False,
            env=clean_environment() | {"DATA_DIR": str(data)}, capture_output=True, text=True,
        )  # fmt: skip
        assert played.returncode == 0, f"{played.stdout[-3000:]}\n{played.stderr[-3000:]}"
        assert "each seen on a page" in played.stdout
        assert "sees the run by the method optimal, checked" in played.stdout
    finally:
        process.terminate()
        process.wait(timeout=60)
        process.communicate()
    assert_nothing_left(data)
