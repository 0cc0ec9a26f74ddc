"""Describe a market with names, in any order; :meth:`MarketBuilder.build` finds every problem at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, repeat
from typing import Any

import numpy as np
import numpy.typing as npt

from matching.errors import (
    DtypeOverflow,
    DuplicateChoice,
    DuplicateId,
    InvalidValue,
    LengthMismatch,
    Location,
    MarketErrors,
    NegativeCapacity,
    Place,
    Problem,
    RegionOutsideTree,
    ReserveTooLarge,
    UnknownId,
)
from matching.market import BoolArray, Int32Array, Int64Array, Market, Pairs
from matching.ranking import Ranking, Rankings
from matching.validation import outside_tree, repeated_choices

JointChoice = tuple[str | None, str | None]
_INT32_MAX = 2**31 - 1


class MarketBuilder:
    """Collects regions, offers, students and pairs by name.

    Students and offers have a name space each: a student and an offer may share a name. Nothing is checked before
    :meth:`build`, so the order of calls is free.
    """

    def __init__(self) -> None:
        self._problems: list[Problem] = []
        self._students: dict[str, int] = {}
        self._choices: list[str] = []
        self._list_lengths: list[int] = []
        self._groups: list[str | None] = []
        self._offers: dict[str, int] = {}
        self._capacity: list[int] = []
        self._offer_region: list[str | None] = []
        self._target: list[int | None] = []
        self._reserve: list[Mapping[str, int] | None] = []
        self._rankings = Rankings()
        self._regions: dict[str, int] = {}
        self._region_cap: list[int | None] = []
        self._region_parent: list[str | None] = []
        self._pairs: list[tuple[str, str, Sequence[JointChoice]]] = []
        self._forbidden: list[tuple[str, str]] = []

    def region(self, region_id: str, *, cap: int | None = None, parent: str | None = None) -> None:
        """A region with at most ``cap`` placed students (None: no cap) inside the region ``parent``."""
        if self._declare(self._regions, "region", region_id):
            self._region_cap.append(self._count("region", region_id, "cap", cap))
            self._region_parent.append(parent)

    def offer(
        self,
        offer_id: str,
        *,
        capacity: int,
        ranking: Ranking | None = None,
        scores: Mapping[str, float] | None = None,
        region: str | None = None,
        reserve: Mapping[str, int] | None = None,
        target: int | None = None,
    ) -> None:
        """An offer with ``capacity`` seats.

        ``ranking``: students best first, an inner list is a tie, absent is unacceptable; or ``scores``: a number a
        student, higher is better, equal is a tie, absent is unacceptable; or neither: everyone is acceptable and tied.
        ``reserve``: group to number of seats that students of the group get first. ``target``: seats that are filled
        before those of other offers under a shared regional cap.
        """
        if not self._declare(self._offers, "offer", offer_id):
            return
        index = len(self._capacity)
        self._capacity.append(self._count("offer", offer_id, "capacity", capacity) or 0)
        self._target.append(self._count("offer", offer_id, "target", target))
        self._offer_region.append(region)
        self._reserve.append(reserve)
        if ranking is not None and scores is not None:
            self._problems.append(InvalidValue(Location("offer", offer_id), "has both a ranking and scores"))
        elif ranking is not None:
            self._rankings.add_ranking(index, offer_id, ranking)
        elif scores is not None:
            self._rankings.add_scores(index, offer_id, scores)

    def student(self, student_id: str, *, choices: Sequence[str] = (), group: str | None = None) -> None:
        """A student with offers in order of preference, and the group that reserved seats may name."""
        if not self._declare(self._students, "student", student_id):
            return
        if isinstance(choices, str):
            self._problems.append(InvalidValue(Location("student", student_id), "choices is a text, expected a list"))
            choices = ()
        self._choices.extend(choices)
        self._list_lengths.append(len(choices))
        self._groups.append(group)

    def pair(self, first: str, second: str, *, choices: Sequence[JointChoice]) -> None:
        """Two students with one joint list, best first; None stands for "stays unplaced".

        Either may be declared with :meth:`student` to give a group, but then without choices of their own.
        """
        self._pairs.append((first, second, choices))

    def forbid(self, student_id: str, offer_id: str) -> None:
        """Rule out one student for one offer whatever the lists say."""
        self._forbidden.append((student_id, offer_id))

    def build(self) -> Market:
        """The market; raises :class:`MarketErrors` with all problems. O(L log L) in the number of listed names."""
        problems = list(self._problems)
        self._declare_pair_members(problems)
        student_ids, offer_ids = list(self._students), list(self._offers)
        ptr = np.concatenate(([0], np.cumsum(self._list_lengths, dtype=np.int64))).astype(np.int64)
        choices = _indices(self._choices, self._offers)
        self._check_choices(ptr, choices, student_ids, problems)
        pairs = self._pair_arrays(problems)
        students = np.repeat(np.arange(len(student_ids), dtype=np.int32), self._list_lengths)
        if pairs is not None:
            repeated = np.repeat(pairs.members, np.diff(pairs.ptr), axis=0)
            students = np.concatenate((students, repeated.ravel()))
            all_choices = np.concatenate((choices, pairs.offers.ravel()))
        else:
            all_choices = choices
        priority = self._rankings.priorities(students, all_choices, self._students, offer_ids, problems)
        forbidden = self._forbidden_mask(students, all_choices, priority, problems)
        fields = self._offer_fields(problems)
        if problems:
            raise MarketErrors(problems)
        if pairs is not None:
            tail = np.ascontiguousarray(priority[len(choices) :].reshape(-1, 2))
            pairs = Pairs(members=pairs.members, ptr=pairs.ptr, offers=pairs.offers, priority=tail)
            priority = np.ascontiguousarray(priority[: len(choices)])
            for array in (pairs.members, pairs.ptr, pairs.offers, pairs.priority):
                array.flags.writeable = False
        if forbidden is not None:
            fields["forbidden"] = forbidden[: len(choices)].copy()
        fields.update(student_ptr=ptr, choices=choices, priority=priority)
        for array in fields.values():
            if isinstance(array, np.ndarray):
                array.flags.writeable = False
        return Market(
            **fields,
            pairs=pairs,
            student_ids=tuple(student_ids),
            offer_ids=tuple(offer_ids),
            region_ids=tuple(self._regions),
        )

    def _declare(self, known: dict[str, int], place: Place, name: Any) -> bool:
        if not isinstance(name, str):
            self._problems.append(InvalidValue(Location(place, str(name)), "its name is not a text"))
            return False
        if name in known:
            self._problems.append(DuplicateId(Location(place, name)))
            return False
        known[name] = len(known)
        return True

    def _count(self, place: Place, key: str, name: str, value: int | None) -> int | None:
        if value is None and name != "capacity":
            return None
        where = Location(place, key)
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
            self._problems.append(InvalidValue(where, f"{name} {value!r} is not a whole number"))
            return 0
        if value < 0:
            self._problems.append(NegativeCapacity(where, name, int(value)))
            return 0
        if value > _INT32_MAX:
            self._problems.append(DtypeOverflow(where, "int32", int(value)))
            return 0
        return int(value)

    def _check_choices(
        self, ptr: Int64Array, choices: Int32Array, student_ids: list[str], problems: list[Problem]
    ) -> None:
        def where(edge: int) -> Location:
            student = int(np.searchsorted(ptr, edge, side="right")) - 1
            return Location("student", student_ids[student], edge - int(ptr[student]))

        problems.extend(
            UnknownId(where(edge), "offer", self._choices[edge]) for edge in np.flatnonzero(choices < 0).tolist()
        )
        repeated = [edge for edge in repeated_choices(ptr, choices) if choices[edge] >= 0]
        problems.extend(DuplicateChoice(where(edge), self._choices[edge]) for edge in repeated)

    def _declare_pair_members(self, problems: list[Problem]) -> None:
        taken: set[str] = set()
        for first, second, _ in self._pairs:
            for name in (first, second):
                where = Location("pair", f"{first}+{second}")
                if name in taken:
                    problems.append(InvalidValue(where, f"{name!r} is already in a pair"))
                taken.add(name)
                if name not in self._students:
                    self._students[name] = len(self._students)
                    self._list_lengths.append(0)
                    self._groups.append(None)
                elif self._list_lengths[self._students[name]]:
                    problems.append(InvalidValue(where, f"{name!r} has choices of their own besides the joint list"))

    def _pair_arrays(self, problems: list[Problem]) -> Pairs | None:
        if not self._pairs:
            return None
        members = np.array([[self._students[a], self._students[b]] for a, b, _ in self._pairs], dtype=np.int32)
        rows: list[tuple[int, int]] = []
        ptr = [0]
        for first, second, choices in self._pairs:
            name = f"{first}+{second}"
            seen: set[JointChoice] = set()
            entry: Any
            for position, entry in enumerate(choices):
                where = Location("pair", name, position)
                if not isinstance(entry, (tuple, list)) or len(entry) != 2:
                    found = len(entry) if isinstance(entry, (tuple, list)) else 1
                    problems.append(LengthMismatch(where, 2, found))
                    continue
                joint = (entry[0], entry[1])
                if joint == (None, None):
                    problems.append(InvalidValue(where, "names no offer for either"))
                    continue
                problems.extend(
                    UnknownId(where, "offer", offer)
                    for offer in joint
                    if offer is not None and offer not in self._offers
                )
                if joint in seen:
                    problems.append(DuplicateChoice(where, f"{joint[0]}+{joint[1]}"))
                seen.add(joint)
                rows.append((self._offers.get(joint[0] or "", -1), self._offers.get(joint[1] or "", -1)))
            ptr.append(len(rows))
        offers = np.array(rows, dtype=np.int32).reshape(-1, 2)
        return Pairs(members=members, ptr=np.array(ptr, dtype=np.int64), offers=offers, priority=offers)

    def _forbidden_mask(
        self, students: Int32Array, offers: Int32Array, priority: Int32Array, problems: list[Problem]
    ) -> BoolArray | None:
        if not self._forbidden:
            return None
        width = max(len(self._offers), 1)
        keys = []
        for position, (student, offer) in enumerate(self._forbidden):
            where = Location("array", "forbidden", position)
            if student not in self._students:
                problems.append(UnknownId(where, "student", student))
            elif offer not in self._offers:
                problems.append(UnknownId(where, "offer", offer))
            else:
                keys.append(self._students[student] * width + self._offers[offer])
        mask: BoolArray = np.isin(students.astype(np.int64) * width + offers, np.array(keys, dtype=np.int64))
        mask &= offers >= 0
        priority[mask] = -1
        return mask

    def _offer_fields(self, problems: list[Problem]) -> dict[str, Any]:
        fields: dict[str, Any] = {"capacity": np.array(self._capacity, dtype=np.int32)}
        fields.update(self._region_fields(problems))
        if any(target is not None for target in self._target):
            fields["target"] = np.array([target or 0 for target in self._target], dtype=np.int32)
        fields.update(self._group_fields(problems))
        return fields

    def _region_fields(self, problems: list[Problem]) -> dict[str, Any]:
        if not self._regions and all(region is None for region in self._offer_region):
            return {}
        # a parent nobody declared is outside the range of indices, which the check of the tree reports
        missing = len(self._regions)
        parents = [-1 if name is None else self._regions.get(name, missing) for name in self._region_parent]
        for name, index in self._regions.items():
            problem = outside_tree(index, parents)
            if problem is not None:
                parent = self._region_parent[index] if not problem.circular else name
                problems.append(RegionOutsideTree(Location("region", name), parent or "", problem.circular))
        problems.extend(
            UnknownId(Location("offer", offer), "region", region)
            for offer, region in zip(self._offers, self._offer_region, strict=True)
            if region is not None and region not in self._regions
        )
        return {
            "region": np.array([self._regions.get(region or "", -1) for region in self._offer_region], dtype=np.int32),
            "region_parent": np.array(parents, dtype=np.int32),
            "region_cap": np.array([-1 if cap is None else cap for cap in self._region_cap], dtype=np.int32),
        }

    def _group_fields(self, problems: list[Problem]) -> dict[str, Any]:
        named = chain(
            (group for group in self._groups if group is not None),
            *(reserve for reserve in self._reserve if reserve),
        )
        groups = {name: index for index, name in enumerate(dict.fromkeys(named))}
        if not groups:
            return {}
        fields: dict[str, Any] = {
            "student_group": np.array([-1 if g is None else groups[g] for g in self._groups], dtype=np.int32),
            "group_ids": tuple(groups),
        }
        if any(self._reserve):
            table = np.zeros((len(self._offers), len(groups)), dtype=np.int32)
            for (offer, row), reserve in zip(self._offers.items(), self._reserve, strict=True):
                for group, seats in (reserve or {}).items():
                    table[row, groups[group]] = self._reserve_count(offer, seats, problems)
                total = int(table[row].sum(dtype=np.int64))
                if total > self._capacity[row]:
                    problems.append(ReserveTooLarge(Location("offer", offer), total, self._capacity[row]))
            fields["reserve"] = table
        return fields

    def _reserve_count(self, offer: str, seats: int, problems: list[Problem]) -> int:
        before = len(self._problems)
        count = self._count("offer", offer, "reserve", seats)
        problems.extend(self._problems[before:])
        del self._problems[before:]
        return count or 0


def _indices(names: Sequence[str], known: Mapping[str, int]) -> Int32Array:
    """Index of every name, -1 where unknown; int32 ``(len(names),)``."""
    lookup: Iterable[int] = map(known.get, names, repeat(-1))
    try:
        result: npt.NDArray[np.int32] = np.fromiter(lookup, np.int32, len(names))
    except TypeError:  # a list or another value that cannot be a name
        result = np.array([known.get(n, -1) if isinstance(n, str) else -1 for n in names], dtype=np.int32)
    return result
