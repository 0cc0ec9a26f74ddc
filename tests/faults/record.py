"""What faults came to: `docs/reliability.json` for programs and `docs/reliability.md` for people.

The long run replaces the entries of the faults it went through; the others stay with their own date. `python -m
tests.faults.record` writes the page again from the figures.
"""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
FIGURES, PAGE = DOCS / "reliability.json", DOCS / "reliability.md"
INTRODUCTION = """# Reliability

Written by `make faults`: real processes, a PostgreSQL, a Valkey and an SMTP server of their own, and faults in them. Rows
that are committed and the mails the server counted are the truth. *Lost*: said to be sent but never arrived, or without an end when
the time was over. *Doubled*: arrived twice, or done twice. *Uncertain*: the process died between the provider's yes and
our note of it; every one of them stands in the operators' list, and none was sent again. The short form of each test runs
with every `make test`; why it is built so: [ADR 4](adr/0004-celery-and-outbox.md).
"""
ELSEWHERE = """## Faults that other tests hold

- Every answer of an SMTP server at every step (refused, timeout, 421 to 554, a drop after the dot), over real connections:
  `tests/notifications/test_mail_outcomes.py`; of mail APIs, push services and text message gateways beside it.
- Slots over both changes of the clocks, a clock that jumps back: `tests/common/test_schedule.py`; quiet hours over them:
  `tests/notifications/test_quiet_hours.py`.
- Many at once for the last seat, the same application, one approval; accept against withdraw, approve against reject
  against withdraw, overlapping weeks: `tests/applications/test_races.py`, 200 rounds of each with `make faults`.
- Workers of Celery below a killed broker, version by version: `tests/faults/survival.py`, figures in ADR 4.

## Measure again

    make faults                                  # everything, writes this page
    make faults ARGS="-k sprinkled"              # one of them, the other rows stay
    FAULTS_ROUNDS=10 FAULTS_MAILS=5000 FAULTS_RACES=20 make faults   # smaller; 50, 100,000 and 200 without

Rounds differ a little each time: kills meet processes where they happen to be. The seed repeats which fault came when.
"""


@dataclass(frozen=True)
class Entry:
    """One fault. rounds: how often it struck. events: deliveries, requests or slots that were under way. recovery: seconds
    from the end of the last fault until everything had an end; None where nothing had to recover."""

    fault: str
    rounds: int
    events: int
    lost: int
    doubled: int
    uncertain: int
    recovery: float | None
    bar: str
    met: bool
    note: str = ""
    seed: int | None = None
    measured_at: str = ""
    load: float = 0.0


@dataclass
class Record:
    """is_kept: each figure goes to the files at once, beside those of other faults."""

    entries: dict[str, Entry] = field(default_factory=dict)
    proofs: dict[str, str] = field(default_factory=dict)
    is_kept: bool = False

    @classmethod
    def load(cls) -> Record:
        if not FIGURES.exists():
            return cls()
        stored = json.loads(FIGURES.read_text("utf-8"))
        return cls({row["fault"]: Entry(**row) for row in stored["faults"]}, stored["proofs"])

    def note(self, entry: Entry) -> None:
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M")
        measured = Entry(**{**asdict(entry), "measured_at": now, "load": round(os.getloadavg()[0], 1)})
        self._keep({entry.fault: measured}, {})

    def without(self, guard: str, went_wrong: str) -> None:
        self._keep({}, {guard: went_wrong})

    def _keep(self, entries: dict[str, Entry], proofs: dict[str, str]) -> None:
        if self.is_kept:
            stored = Record.load()
            self.entries, self.proofs = stored.entries, stored.proofs
        self.entries.update(entries)
        self.proofs.update(proofs)
        if self.is_kept:
            self.write()

    def write(self) -> None:
        stored = {
            "faults": [asdict(entry) for _name, entry in sorted(self.entries.items())],
            "proofs": dict(sorted(self.proofs.items())),
            "machine": _machine(),
        }
        FIGURES.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n", "utf-8")
        PAGE.write_text(page(self, stored["machine"]), "utf-8")


def _machine() -> str:
    versions = ", ".join(
        f"{name} {metadata.version(name)}" for name in ("celery", "kombu", "redis", "django", "psycopg")
    )
    return f"{os.cpu_count()} logical cores, Python {platform.python_version()}; {versions}"


def page(record: Record, machine: object) -> str:
    lines = [INTRODUCTION, f"Machine: {machine}. Load is the load average when the row was written.", ""]
    lines += [
        "| fault | rounds | events | lost | doubled | uncertain | recovered in | bar | met | seed | when (UTC) | load |",
        "|---|---:|---:|---:|---:|---:|---:|---|---|---:|---|---:|",
    ]
    for _name, entry in sorted(record.entries.items()):
        recovered = "" if entry.recovery is None else f"{entry.recovery:.1f} s"
        cells = [
            entry.fault,
            f"{entry.rounds:,}",
            f"{entry.events:,}",
            f"**{entry.lost}**",
            f"**{entry.doubled}**",
            str(entry.uncertain),
            recovered,
            entry.bar,
            "yes" if entry.met else "**no**",
            "" if entry.seed is None else str(entry.seed),
            entry.measured_at,
            f"{entry.load}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", *(f"- {entry.fault}: {entry.note}" for _n, entry in sorted(record.entries.items()) if entry.note)]
    lines += ["", "## With the guard switched off", "", "The same test, one guard removed in the started process:", ""]
    lines += ["| guard | without it |", "|---|---|"]
    lines += [f"| {guard} | {wrong} |" for guard, wrong in sorted(record.proofs.items())]
    return "\n".join([*lines, "", ELSEWHERE])


if __name__ == "__main__":
    Record.load().write()
