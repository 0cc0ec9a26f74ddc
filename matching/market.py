"""A market: students with ordered lists of offers, offers with seats and priorities, held as flat arrays."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Int32Array: TypeAlias = npt.NDArray[np.int32]
Int64Array: TypeAlias = npt.NDArray[np.int64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Pairs:
    """Students who apply two and two with one joint list.

    ``members`` int32 ``(k, 2)`` student indices; ``ptr`` int64 ``(k + 1,)``; ``offers`` int32 ``(F, 2)`` the joint
    choices in order of preference, -1 where that member stays unplaced; ``priority`` int32 ``(F, 2)`` the offer's rank
    of that member, -1 where unacceptable (or where the offer is -1).
    """

    members: Int32Array
    ptr: Int64Array
    offers: Int32Array
    priority: Int32Array

    def __len__(self) -> int:
        return int(self.members.shape[0])


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Market:
    """An immutable two-sided market. Build it with :meth:`from_arrays` or :class:`matching.MarketBuilder`.

    With ``n`` students, ``p`` offers, ``E`` listed choices, ``R`` regions and ``G`` groups:

    - ``student_ptr`` int64 ``(n + 1,)``: the choices of student ``s`` are ``student_ptr[s]:student_ptr[s + 1]``
    - ``choices`` int32 ``(E,)``: offer index, best first
    - ``priority`` int32 ``(E,)``: the offer's rank of that student, lower is better, equal is a tie, -1 unacceptable
      (also where the pair is forbidden)
    - ``capacity`` int32 ``(p,)``
    - ``choice_rank`` int32 ``(E,)`` or None: the student's own rank of each choice from 1, equal means indifferent;
      None means 1, 2, 3, ... along each list
    - ``region`` int32 ``(p,)``, -1 for none; ``region_parent`` int32 ``(R,)``, -1 for a root; ``region_cap`` int32
      ``(R,)``, -1 for no cap
    - ``target`` int32 ``(p,)``: seats filled before the others under a regional cap
    - ``reserve`` int32 ``(p, G)``; ``student_group`` int32 ``(n,)``, -1 for none
    - ``forbidden`` bool ``(E,)`` or None
    """

    student_ptr: Int64Array
    choices: Int32Array
    priority: Int32Array
    capacity: Int32Array
    choice_rank: Int32Array | None = None
    region: Int32Array | None = None
    region_parent: Int32Array | None = None
    region_cap: Int32Array | None = None
    target: Int32Array | None = None
    reserve: Int32Array | None = None
    student_group: Int32Array | None = None
    forbidden: BoolArray | None = None
    pairs: Pairs | None = None
    student_ids: Sequence[str] | None = None
    offer_ids: Sequence[str] | None = None
    region_ids: Sequence[str] | None = None
    group_ids: Sequence[str] | None = None
    _cache: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def from_arrays(
        cls,
        student_ptr: npt.ArrayLike,
        choices: npt.ArrayLike,
        priority: npt.ArrayLike,
        capacity: npt.ArrayLike,
        *,
        choice_rank: npt.ArrayLike | None = None,
        region: npt.ArrayLike | None = None,
        region_parent: npt.ArrayLike | None = None,
        region_cap: npt.ArrayLike | None = None,
        reserve: npt.ArrayLike | None = None,
        reserve_group: npt.ArrayLike | None = None,
        student_group: npt.ArrayLike | None = None,
        forbidden: npt.ArrayLike | None = None,
        target: npt.ArrayLike | None = None,
    ) -> Market:
        """Check the arrays and wrap them, without copying those that already have the right type.

        Shapes are those of the class; besides, ``reserve`` may be ``(p,)`` with ``reserve_group`` ``(p,)`` naming the
        one group of each offer, or ``(p, G)`` without it, and ``forbidden`` may be a bool mask ``(E,)`` or integer
        pairs ``(F, 2)`` of student and offer. Do not change the arrays afterwards.

        Raises :class:`matching.MarketErrors` with every problem found. Time O(E x longest list) compares, memory
        O(block) beyond the arrays.
        """
        from matching.validation import checked_arrays

        fields = checked_arrays(
            student_ptr=student_ptr,
            choices=choices,
            priority=priority,
            capacity=capacity,
            choice_rank=choice_rank,
            region=region,
            region_parent=region_parent,
            region_cap=region_cap,
            reserve=reserve,
            reserve_group=reserve_group,
            student_group=student_group,
            forbidden=forbidden,
            target=target,
        )
        return cls(**fields)

    @property
    def students(self) -> int:
        """Number of students."""
        return len(self.student_ptr) - 1

    @property
    def offers(self) -> int:
        """Number of offers."""
        return len(self.capacity)

    @property
    def is_plain(self) -> bool:
        """True when seats and priorities are all there is: no reserves, no regional caps, no pairs."""
        return self.reserve is None and not self.has_caps and self.pairs is None

    @property
    def has_caps(self) -> bool:
        """True when some region has a cap."""
        return self.region_cap is not None and self.region is not None and bool((self.region_cap >= 0).any())

    def student_id(self, student: int) -> str | int:
        """The caller's name of a student; the index itself when the market was given as arrays."""
        return self.student_ids[student] if self.student_ids is not None else student

    def offer_id(self, offer: int) -> str | int:
        """The caller's name of an offer; the index itself when the market was given as arrays."""
        return self.offer_ids[offer] if self.offer_ids is not None else offer

    def student_index(self, student: str | int) -> int:
        """Index of a student given by name or index; KeyError when there is none."""
        return self._index("student", student, self.student_ids, self.students)

    def offer_index(self, offer: str | int) -> int:
        """Index of an offer given by name or index; KeyError when there is none."""
        return self._index("offer", offer, self.offer_ids, self.offers)

    def _index(self, side: str, name: str | int, names: Sequence[str] | None, count: int) -> int:
        if isinstance(name, str):
            if names is None:
                raise KeyError(name)
            key = f"{side}_index"
            if key not in self._cache:
                self._cache[key] = {value: index for index, value in enumerate(names)}
            return int(self._cache[key][name])
        if not 0 <= name < count:
            raise KeyError(name)
        return int(name)

    def choices_of(self, student: int) -> range:
        """Positions in ``choices`` of one student's list."""
        return range(int(self.student_ptr[student]), int(self.student_ptr[student + 1]))

    def ranks(self) -> Int32Array:
        """The student's rank of every choice from 1, int32 ``(E,)``."""
        if self.choice_rank is not None:
            return self.choice_rank
        if "ranks" not in self._cache:
            lengths = np.diff(self.student_ptr)
            ranks = np.arange(1, len(self.choices) + 1, dtype=np.int32)
            ranks -= np.repeat(self.student_ptr[:-1], lengths).astype(np.int32)
            self._cache["ranks"] = ranks
        result: Int32Array = self._cache["ranks"]
        return result

    @property
    def digest(self) -> str:
        """SHA-256 over the arrays, in hexadecimal; identifies the input in a certificate. Names are not part of it."""
        if "digest" not in self._cache:
            hasher = hashlib.sha256(b"market/1")
            for name in _DIGESTED:
                value = getattr(self, name)
                _feed(hasher, name, value)
            if self.pairs is not None:
                for name in ("members", "ptr", "offers", "priority"):
                    _feed(hasher, f"pairs.{name}", getattr(self.pairs, name))
            self._cache["digest"] = hasher.hexdigest()
        return str(self._cache["digest"])


_DIGESTED = (
    "student_ptr",
    "choices",
    "priority",
    "capacity",
    "choice_rank",
    "region",
    "region_parent",
    "region_cap",
    "target",
    "reserve",
    "student_group",
    "forbidden",
)


def _feed(hasher: Any, name: str, value: npt.NDArray[Any] | None) -> None:
    if value is None:
        return
    hasher.update(f"{name}:{value.dtype.name}:{value.shape};".encode())
    # byte order is part of the definition, so that a digest is the same on every machine
    little = value.astype(value.dtype.newbyteorder("<"), copy=False)
    hasher.update(np.ascontiguousarray(little).data)
