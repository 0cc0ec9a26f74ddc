"""A round frozen as arrays and as JSON: what a run computes from, and what anybody can compute it again from.

Numbers only: participants and rows of seats by their keys, labels of schools and groups, no names.
"""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from backend.rounds.enums import Method

FORMAT = 1
Ints = npt.NDArray[np.int32]
ARRAYS = ("ptr", "wishes", "priority", "km", "school", "group", "sex", "visible", "capacity", "minimum", "region")


def _ints() -> Ints:
    return np.zeros(0, dtype=np.int32)


@dataclass
class Snapshot:
    """With n participants, p rows of seats and E wishes:

    participants, seats: keys, ascending. ptr int64 (n + 1): the wishes of i are ptr[i]:ptr[i + 1], best first.
    wishes (E): index of the row of seats; priority (E): lower goes first, equal is drawn, -1 = not possible;
    km (E): journey in tenths of a kilometre, -1 unknown. school, group, sex (n): index of the label, -1 none.
    visible (n): 0 for those who are counted in no figure. capacity, minimum, region (p).
    region_caps: by region label, -1 = none. reserves: seat index, group index, seats. pairs: two participant indices.
    locks: participant index, seat index.
    """

    method: Method
    seed: int
    participants: list[int] = field(default_factory=list)
    seats: list[int] = field(default_factory=list)
    ptr: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, dtype=np.int64))
    wishes: Ints = field(default_factory=_ints)
    priority: Ints = field(default_factory=_ints)
    km: Ints = field(default_factory=_ints)
    school: Ints = field(default_factory=_ints)
    group: Ints = field(default_factory=_ints)
    sex: Ints = field(default_factory=_ints)
    visible: Ints = field(default_factory=_ints)
    capacity: Ints = field(default_factory=_ints)
    minimum: Ints = field(default_factory=_ints)
    region: Ints = field(default_factory=_ints)
    schools: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    sexes: list[str] = field(default_factory=list)
    regions: list[str] = field(default_factory=list)
    region_caps: list[int] = field(default_factory=list)
    reserves: list[list[int]] = field(default_factory=list)
    pairs: list[list[int]] = field(default_factory=list)
    locks: list[list[int]] = field(default_factory=list)

    def to_json(self) -> bytes:
        """Canonical: the same round gives the same bytes."""
        plain: dict[str, Any] = {"format": FORMAT}
        for name, value in self.__dict__.items():
            plain[name] = value.tolist() if isinstance(value, np.ndarray) else value
        return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    @classmethod
    def from_json(cls, text: bytes) -> "Snapshot":
        """Raises ValueError for another format."""
        plain = json.loads(text)
        if plain.pop("format", None) != FORMAT:
            raise ValueError("not a snapshot of this format")
        for name in ARRAYS:
            plain[name] = np.array(plain[name], dtype=np.int64 if name == "ptr" else np.int32)
        return cls(**plain | {"method": Method(plain["method"])})


def digest_of(text: bytes) -> str:
    """SHA-256 of a snapshot's JSON, in hexadecimal."""
    return hashlib.sha256(text).hexdigest()
