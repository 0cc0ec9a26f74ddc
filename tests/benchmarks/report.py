"""What a benchmark module hands back: measured rows, bars that must hold, and notes.

A benchmark module is a file in this folder with one function ``run(report: Report) -> None``. It measures, and records

* a row for each thing measured: ``report.row("Stable matching", "100k x 10, arrays", "ours", seconds=0.09)``
* a bar for each promise: ``report.bar("100k x 10 from arrays, verified", 0.09, at_most=0.25, unit="s")``
* a note where a reader needs to know what was compared, or why a bar could not be measured.

``report.blocked(...)`` records a bar that could not be measured at all; it counts as missed, so that a comparison
which silently stops working does not look like one that passes.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Row:
    """One measured thing: ``contender`` did ``work`` in ``seconds``, with ``peak_mb`` of resident memory at most."""

    section: str
    work: str
    contender: str
    seconds: float
    peak_mb: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """A promise with the value measured for it; ``measured`` is None when it could not be measured."""

    name: str
    measured: float | None
    limit: float
    unit: str
    at_most: bool

    @property
    def met(self) -> bool:
        if self.measured is None:
            return False
        return self.measured <= self.limit if self.at_most else self.measured >= self.limit


@dataclass(frozen=True, slots=True)
class Timing:
    """Wall-clock seconds of repeated runs."""

    runs: tuple[float, ...]

    @property
    def best(self) -> float:
        return min(self.runs)

    @property
    def median(self) -> float:
        return statistics.median(self.runs)

    def percentile(self, share: float) -> float:
        """The smallest run such that ``share`` (0-1) of the runs are no slower."""
        ordered = sorted(self.runs)
        return ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))]


def timed(work: Callable[[], object], *, repeat: int = 5, warm_up: int = 1) -> Timing:
    """Run ``work`` ``warm_up`` times unmeasured and ``repeat`` times measured."""
    for _ in range(warm_up):
        work()
    runs = []
    for _ in range(repeat):
        started = time.perf_counter()
        work()
        runs.append(time.perf_counter() - started)
    return Timing(tuple(runs))


@dataclass(slots=True)
class Report:
    """Collects rows, bars and notes over all benchmark modules and renders them as Markdown."""

    rows: list[Row] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)

    def row(
        self,
        section: str,
        work: str,
        contender: str,
        *,
        seconds: float,
        peak_mb: float | None = None,
        note: str = "",
    ) -> None:
        self.rows.append(Row(section, work, contender, seconds, peak_mb, note))

    def bar(
        self,
        name: str,
        measured: float,
        *,
        at_most: float | None = None,
        at_least: float | None = None,
        unit: str = "s",
    ) -> None:
        """Record a promise; exactly one of ``at_most`` and ``at_least`` is given."""
        self.bars.append(_bar(name, measured, at_most, at_least, unit))

    def blocked(
        self, name: str, reason: str, *, at_most: float | None = None, at_least: float | None = None, unit: str = "s"
    ) -> None:
        """Record a bar that could not be measured, and why; it counts as missed."""
        self.bars.append(_bar(name, None, at_most, at_least, unit))
        self.notes.append(("Not measured", f"{name}: {reason}"))

    def note(self, section: str, text: str) -> None:
        self.notes.append((section, text))

    @property
    def missed(self) -> list[Bar]:
        return [bar for bar in self.bars if not bar.met]

    def markdown(self) -> str:
        """The bars first, then one table a section with the ratio to the fastest contender of the same work."""
        lines = ["## Bars", "", "| promise | measured | bar | met |", "|---|---:|---:|---|"]
        for bar in self.bars:
            measured = "not measured" if bar.measured is None else f"{bar.measured:.4g} {bar.unit}"
            sign = "≤" if bar.at_most else "≥"
            lines.append(
                f"| {bar.name} | {measured} | {sign} {bar.limit:g} {bar.unit} | {'yes' if bar.met else '**no**'} |"
            )
        lines.append("")
        sections = list(dict.fromkeys([row.section for row in self.rows] + [section for section, _ in self.notes]))
        for section in sections:
            lines += [f"## {section}", ""]
            lines += [f"{text}\n" for where, text in self.notes if where == section]
            rows = [row for row in self.rows if row.section == section]
            if rows:
                lines += self._table(rows)
        return "\n".join(lines).rstrip() + "\n"

    @staticmethod
    def _table(rows: list[Row]) -> list[str]:
        fastest: dict[str, float] = {}
        for row in rows:
            fastest[row.work] = min(row.seconds, fastest.get(row.work, row.seconds))
        lines = [
            "| work | contender | seconds | times the fastest | peak memory | note |",
            "|---|---|---:|---:|---:|---|",
        ]
        for row in rows:
            ratio = row.seconds / fastest[row.work] if fastest[row.work] > 0 else 1.0
            peak = "" if row.peak_mb is None else f"{row.peak_mb:.0f} MB"
            lines.append(f"| {row.work} | {row.contender} | {row.seconds:.4g} | {ratio:.3g} | {peak} | {row.note} |")
        return [*lines, ""]


def _bar(name: str, measured: float | None, at_most: float | None, at_least: float | None, unit: str) -> Bar:
    if at_most is not None and at_least is None:
        return Bar(name, measured, at_most, unit, at_most=True)
    if at_least is not None and at_most is None:
        return Bar(name, measured, at_least, unit, at_most=False)
    raise ValueError("give exactly one of at_most and at_least")
