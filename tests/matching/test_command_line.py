"""The command line on real files, the README's examples, the import, and the peers where they are installed."""

from __future__ import annotations

import csv
import doctest
import subprocess
import sys
from pathlib import Path

import pytest

import matching
from matching.cli import main
from tests.benchmarks.environment import peer_python, peer_versions, run_json
from tests.benchmarks.instances import stored

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / "tests" / "benchmarks" / "contender_peers.py"
OURS = ROOT / "tests" / "benchmarks" / "contender_ours.py"


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    students, offers = tmp_path / "students.csv", tmp_path / "offers.csv"
    students.write_text("student,choices,group\nåsa,cnc;lab,g\nbo,cnc;lab,\ncia,cnc,\ndan,,\n", encoding="utf-8-sig")
    offers.write_text("offer,capacity,ranking,region\ncnc,1,åsa;bo|cia,north\nlab,1,,\n", encoding="utf-8")
    return str(students), str(offers)


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_solve_writes_a_result_that_verify_accepts(
    files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, why = tmp_path / "result.csv", tmp_path / "why.csv"
    options = ["--method", "stable", "--seed", "7", "--out", str(out), "--explain", str(why)]
    assert main(["solve", *files, *options]) == 0
    printed = capsys.readouterr()
    assert "placed 2 of 4" in printed.out
    assert "students.csv: 4 lines read" in printed.err
    assert rows(out) == [["student", "offer"], ["åsa", "cnc"], ["bo", "lab"], ["cia", ""], ["dan", ""]]
    assert [row[:3] for row in rows(why)[1:3]] == [["åsa", "cnc", "accepted"], ["åsa", "lab", "below assignment"]]
    assert main(["verify", *files, str(out), "--quiet"]) == 0
    assert "stable: 2 placed, 2 unplaced, 0 blocking pairs" in capsys.readouterr().out


def test_solve_can_look_for_the_optimum_instead(
    files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "result.csv"
    assert main(["solve", *files, "--method", "optimal", "--out", str(out), "--quiet"]) == 0
    assert "placed 2 of 4" in (printed := capsys.readouterr().out)
    assert "proven optimal" in printed
    assert "not proven" not in printed
    assert sorted(offer for _, offer in rows(out)[1:]) == ["", "", "cnc", "lab"]


def test_verify_names_what_is_wrong(files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = tmp_path / "result.csv"
    result.write_text("student,offer\nbo,cnc\nåsa,lab\n", encoding="utf-8")
    assert main(["verify", *files, str(result), "--quiet"]) == 1
    assert "blocking: åsa and cnc prefer each other" in capsys.readouterr().out
    result.write_text("student,offer\nbo,cnc\nåsa,cnc\n", encoding="utf-8")
    assert main(["verify", *files, str(result), "--quiet"]) == 1
    assert "over capacity: cnc 2 of 1 seats" in capsys.readouterr().out
    result.write_text("student,offer\nghost,cnc\nbo,moon\nbo,lab\n", encoding="utf-8")
    assert main(["verify", *files, str(result), "--quiet"]) == 2
    errors = capsys.readouterr().err
    assert "'ghost'" in errors
    assert "'moon'" in errors
    assert "listed twice" in errors


def test_problems_of_both_files_are_listed_with_their_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    students, offers = tmp_path / "students.csv", tmp_path / "offers.csv"
    students.write_text("student,choices\na,x;nowhere\n", encoding="utf-8")
    offers.write_text("offer,capacity\nx,many\n", encoding="utf-8")
    arguments = ["solve", str(students), str(offers), "--out", str(tmp_path / "r.csv"), "--quiet"]
    assert main(arguments) == 2
    errors = capsys.readouterr().err
    assert "array 'offers.csv', position 2: capacity 'many' is not a whole number" in errors
    assert "there is no offer 'nowhere'" in errors
    offers.write_text("offer,seats\nx,1\n", encoding="utf-8")
    assert main(arguments) == 2
    assert "the column 'capacity' is missing" in capsys.readouterr().err
    offers.unlink()
    assert main(arguments) == 2
    assert "offers.csv" in capsys.readouterr().err
    offers.write_bytes(b"offer,capacity\n\xe5,1\n")
    assert main(arguments) == 2
    assert "not UTF-8" in capsys.readouterr().err


def test_it_runs_as_a_module(files: tuple[str, str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "matching", "solve", *files, "--out", str(tmp_path / "r.csv")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("placed 2 of 4, stable\ninput ")


def test_the_examples_of_the_readme_are_true() -> None:
    result = doctest.testfile(str(ROOT / "matching" / "README.md"), module_relative=False)
    assert result.attempted > 20
    assert result.failed == 0


def test_importing_the_package_loads_neither_frameworks_nor_solvers() -> None:
    code = (
        "import sys, matching; matching.Market, matching.solve_stable, matching.verify, matching.MarketBuilder;"
        "print([m for m in ('django', 'celery', 'ortools', 'highspy', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_can_be_imported() -> None:
    for name in matching.__all__:
        assert getattr(matching, name) is not None
    assert set(dir(matching)) == set(matching.__all__)
    with pytest.raises(AttributeError):
        _ = matching.nothing


@pytest.mark.parametrize("peer", ["matching", "algmatch"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_other_packages_find_the_same_matching(peer: str, seed: int) -> None:
    if not peer_versions():
        pytest.skip("the peers' environment is not installed; `make bench` creates it")
    instance = str(stored(300, 30, 6, 0.9, seed=seed))
    theirs = run_json(peer_python(), str(PEERS), peer, instance, "1")
    assert theirs["digest"] == run_json(sys.executable, str(OURS), "strings", instance, "1")["digest"]


@pytest.mark.parametrize("seed", [1, 2])
def test_raw_solvers_find_the_same_optimum(seed: int) -> None:
    if not peer_versions():
        pytest.skip("the peers' environment is not installed; `make bench` creates it")
    instance = str(stored(200, 20, 5, 0.9, seed=seed))
    mine = run_json(sys.executable, str(OURS), "optimal", instance, "1")["objective"]
    for peer in ("ortools", "highs", "networkx", "scipy"):
        assert run_json(peer_python(), str(PEERS), peer, instance, "1")["objective"] == mine, peer
