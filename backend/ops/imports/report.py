"""What an import did, row by row and in sum."""

from collections import Counter
from dataclasses import dataclass, field

CREATED, UPDATED, UNCHANGED, SKIPPED = "created", "updated", "unchanged", "skipped"


@dataclass(frozen=True)
class Row:
    """line: where it stood. ref: what the source calls it. note: why it was skipped, or what was decided about it."""

    line: int
    what: str
    ref: str
    label: str
    note: str = ""

    def __str__(self) -> str:
        note = f"  [{self.note}]" if self.note else ""
        return f"{self.line:6d}  {self.what:<9}  {self.ref}  {self.label}{note}"


@dataclass
class Report:
    """counts: of `things` by what was done. states: what the created and updated ones became."""

    rows: list[Row] = field(default_factory=list)
    organisations: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)

    def add(self, row: Row) -> None:
        self.rows.append(row)

    def count(self, what: str) -> int:
        return sum(row.what == what for row in self.rows)

    @property
    def changes(self) -> int:
        return self.count(CREATED) + self.count(UPDATED) + self.organisations[CREATED] + self.organisations[UPDATED]

    def lines(self, *, things: str, with_rows: bool) -> list[str]:
        """For the terminal."""
        found = [str(row) for row in self.rows] if with_rows else []
        found.append(f"read       {len(self.rows):6d} {things}")
        found.extend(f"{what:<10} {self.count(what):6d}" for what in (CREATED, UPDATED, UNCHANGED, SKIPPED))
        reasons = Counter(row.note for row in self.rows if row.what == SKIPPED)
        found.extend(f"  skipped: {number:4d} {why}" for why, number in sorted(reasons.items()))
        if self.states:
            found.append(
                "became     " + ", ".join(f"{state} {number}" for state, number in sorted(self.states.items()))
            )
        if self.organisations:
            found.append(
                "organisations "
                + ", ".join(f"{what} {self.organisations[what]}" for what in (CREATED, UPDATED, UNCHANGED))
            )
        return found
