"""Checks of a market given as arrays: all problems are collected, none is repaired in silence."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from matching.errors import (
    DtypeOverflow,
    DuplicateChoice,
    InvalidValue,
    LengthMismatch,
    Location,
    MarketErrors,
    NegativeCapacity,
    Problem,
    RegionOutsideTree,
    ReserveTooLarge,
    UnknownId,
)
from matching.market import BoolArray, Int32Array, Int64Array

_BLOCK = 1 << 18  # choices looked at in one step: temporaries stay in the processor's cache
_SHORT_LIST = 24  # lists up to this length are compared with themselves, longer ones are sorted


def checked_arrays(**given: npt.ArrayLike | None) -> dict[str, Any]:
    """The fields of a :class:`matching.Market`; raises :class:`MarketErrors` with all problems of the arrays."""
    problems: list[Problem] = []
    ptr = _integers("student_ptr", given["student_ptr"], np.int64, problems)
    arrays = {
        name: _integers(name, given[name], np.int32, problems)
        for name in (
            "choices",
            "priority",
            "capacity",
            "choice_rank",
            "region",
            "region_parent",
            "region_cap",
            "student_group",
            "reserve",
            "reserve_group",
            "target",
        )
        if given[name] is not None
    }
    if problems:
        raise MarketErrors(problems)
    choices, priority, capacity = arrays["choices"], arrays["priority"], arrays["capacity"]
    _check_ptr(ptr, len(choices), problems)
    if problems:
        raise MarketErrors(problems)
    students, offers = len(ptr) - 1, len(capacity)
    lengths = {
        "priority": len(choices),
        "choice_rank": len(choices),
        "region": offers,
        "target": offers,
        "reserve": offers,
        "reserve_group": offers,
        "student_group": students,
    }
    problems.extend(
        LengthMismatch(Location("array", name), expected, len(arrays[name]))
        for name, expected in lengths.items()
        if name in arrays and len(arrays[name]) != expected
    )
    if problems:
        raise MarketErrors(problems)
    _check_edges(ptr, choices, priority, offers, problems)
    for name in ("capacity", "target"):
        if name in arrays:
            _not_below(arrays[name], 0, name, "offer", problems)
    if "choice_rank" in arrays:
        _check_ranks(ptr, arrays["choice_rank"], problems)
    fields: dict[str, Any] = {"student_ptr": ptr, "choices": choices, "priority": priority, "capacity": capacity}
    fields.update({name: arrays[name] for name in ("choice_rank", "target", "student_group") if name in arrays})
    fields.update(_regions(arrays, problems))
    fields.update(_reserves(arrays, problems))
    if given["forbidden"] is not None and not problems:
        fields.update(_forbidden(given["forbidden"], ptr, choices, priority, offers, problems))
    if problems:
        raise MarketErrors(problems)
    for value in fields.values():
        value.flags.writeable = False
    return fields


def _integers(
    name: str, value: npt.ArrayLike | None, dtype: type[np.integer[Any]], problems: list[Problem]
) -> npt.NDArray[Any]:
    """A view of ``value`` with the wanted type; copied only where the type differs."""
    wanted = np.dtype(dtype)
    empty: npt.NDArray[Any] = np.empty(0, dtype=wanted)
    try:
        array = np.asarray(value)
    except (ValueError, OverflowError, TypeError) as error:
        problems.append(InvalidValue(Location("array", name), f"is not an array of integers: {error}"))
        return empty
    if array.ndim != 1 and not (name == "reserve" and array.ndim == 2):
        problems.append(InvalidValue(Location("array", name), f"has {array.ndim} dimensions, expected 1"))
        return empty
    if array.size == 0:
        return np.empty(array.shape, dtype=wanted)
    if array.dtype == object and all(isinstance(item, int) for item in array.flat):
        largest = max(array.flat, key=abs)
        problems.append(DtypeOverflow(Location("array", name), wanted.name, int(largest)))
        return empty
    if array.dtype.kind not in "iu":
        problems.append(InvalidValue(Location("array", name), f"holds {array.dtype.name}, expected integers"))
        return empty
    if array.dtype != wanted:
        info = np.iinfo(wanted)
        for extreme in (int(array.min()), int(array.max())):
            if not info.min <= extreme <= info.max:
                problems.append(DtypeOverflow(Location("array", name), wanted.name, extreme))
                return empty
        array = array.astype(wanted)
    return np.ascontiguousarray(array)[...].view()


def _check_ptr(ptr: Int64Array, edges: int, problems: list[Problem]) -> None:
    where = Location("array", "student_ptr")
    if len(ptr) == 0:
        problems.append(LengthMismatch(where, 1, 0))
        return
    if int(ptr[0]) != 0:
        problems.append(InvalidValue(Location("array", "student_ptr", 0), f"starts at {int(ptr[0])}, expected 0"))
    problems.extend(
        InvalidValue(Location("array", "student_ptr", int(student) + 1), "is smaller than the one before")
        for student in np.flatnonzero(np.diff(ptr) < 0)
    )
    if int(ptr[-1]) != edges:
        problems.append(LengthMismatch(Location("array", "choices"), int(ptr[-1]), edges))


def _student_of(ptr: Int64Array, edge: int) -> int:
    return int(np.searchsorted(ptr, edge, side="right")) - 1


def _choice_at(ptr: Int64Array, edge: int) -> Location:
    student = _student_of(ptr, edge)
    return Location("student", student, edge - int(ptr[student]))


def _check_edges(
    ptr: Int64Array, choices: Int32Array, priority: Int32Array, offers: int, problems: list[Problem]
) -> None:
    # seen as unsigned, one comparison finds both ends of the range
    unsigned = choices.view(np.uint32)
    for start in range(0, len(choices), _BLOCK):
        block = unsigned[start : start + _BLOCK]
        if int(block.max()) >= offers:
            problems.extend(
                UnknownId(_choice_at(ptr, int(edge)), "offer", int(choices[edge]))
                for edge in np.flatnonzero(block >= np.uint32(offers)) + start
            )
        ranks = priority[start : start + _BLOCK]
        if int(ranks.min()) < -1:
            problems.extend(
                InvalidValue(_choice_at(ptr, int(edge)), f"priority {int(priority[edge])} is below -1")
                for edge in np.flatnonzero(ranks < -1) + start
            )
    repeated = repeated_choices(ptr, choices)
    problems.extend(DuplicateChoice(_choice_at(ptr, edge), int(choices[edge])) for edge in repeated)


def repeated_choices(ptr: Int64Array, choices: Int32Array) -> list[int]:
    """Positions that repeat an earlier choice of the same student, ascending.

    Short lists are compared with themselves shifted by 1, 2, ...: nearly every comparison fails at once, so that is a
    few passes at memory speed. A market with a long list is sorted instead.
    """
    if len(choices) == 0:
        return []
    longest = int(np.diff(ptr).max())
    if longest > _SHORT_LIST:
        return _repeated_by_sorting(ptr, choices)
    found: set[int] = set()
    for start in range(0, len(choices), _BLOCK):
        stop = min(len(choices), start + _BLOCK)
        for shift in range(1, longest):
            later = choices[start + shift : stop + shift]
            hits = np.flatnonzero(choices[start : start + len(later)] == later)
            if len(hits):
                hits += start
                ends = ptr[np.searchsorted(ptr, hits, side="right")]
                found.update((hits[hits + shift < ends] + shift).tolist())
    return sorted(found)


def _repeated_by_sorting(ptr: Int64Array, choices: Int32Array) -> list[int]:
    students = np.repeat(np.arange(len(ptr) - 1), np.diff(ptr))
    order = np.lexsort((choices, students))
    same = (choices[order[1:]] == choices[order[:-1]]) & (students[order[1:]] == students[order[:-1]])
    return sorted(int(edge) for edge in order[1:][same])


def _not_below(array: Int32Array, least: int, name: str, place: Any, problems: list[Problem]) -> None:
    if array.size and int(array.min()) < least:
        problems.extend(
            NegativeCapacity(Location(place, int(index)), name, int(array[index]))
            for index in np.flatnonzero(array < least)
        )


def _check_ranks(ptr: Int64Array, ranks: Int32Array, problems: list[Problem]) -> None:
    problems.extend(
        InvalidValue(_choice_at(ptr, int(edge)), f"choice rank {int(ranks[edge])} is below 1")
        for edge in np.flatnonzero(ranks < 1)
    )
    problems.extend(
        InvalidValue(_choice_at(ptr, int(edge)), "choice rank is lower than the one before")
        for edge in np.flatnonzero(np.diff(ranks) < 0) + 1
        if _student_of(ptr, int(edge)) == _student_of(ptr, int(edge) - 1)
    )


def _regions(arrays: dict[str, npt.NDArray[Any]], problems: list[Problem]) -> dict[str, Int32Array]:
    if "region" not in arrays:
        orphans = [name for name in ("region_parent", "region_cap") if name in arrays]
        problems.extend(InvalidValue(Location("array", name), "is given without region") for name in orphans)
        return {}
    region: Int32Array = arrays["region"]
    known = [len(arrays[name]) for name in ("region_parent", "region_cap") if name in arrays]
    regions = known[0] if known else (int(region.max()) + 1 if len(region) else 0)
    parent = arrays.get("region_parent", np.full(regions, -1, dtype=np.int32))
    cap = arrays.get("region_cap", np.full(regions, -1, dtype=np.int32))
    if len(cap) != len(parent):
        problems.append(LengthMismatch(Location("array", "region_cap"), len(parent), len(cap)))
        return {}
    problems.extend(
        UnknownId(Location("offer", int(offer)), "region", int(region[offer]))
        for offer in np.flatnonzero((region < -1) | (region >= regions))
    )
    _not_below(cap, -1, "cap", "region", problems)
    parents = parent.tolist()
    found = (outside_tree(index, parents) for index in range(regions))
    problems.extend(problem for problem in found if problem is not None)
    return {"region": region, "region_parent": parent, "region_cap": cap}


def outside_tree(index: int, parents: list[int]) -> RegionOutsideTree | None:
    """The problem of a region whose parents do not end at a root, or None."""
    seen = {index}
    at = index
    while parents[at] != -1:
        above = parents[at]
        if not 0 <= above < len(parents):
            return RegionOutsideTree(Location("region", index), above, circular=False) if at == index else None
        if above in seen:
            return RegionOutsideTree(Location("region", index), above, circular=True)
        seen.add(above)
        at = above
    return None


def _reserves(arrays: dict[str, npt.NDArray[Any]], problems: list[Problem]) -> dict[str, Int32Array]:
    groups = arrays.get("student_group", np.empty(0, dtype=np.int32))
    _not_below(groups, -1, "group", "student", problems)
    if "reserve" not in arrays:
        if "reserve_group" in arrays:
            problems.append(InvalidValue(Location("array", "reserve_group"), "is given without reserve"))
        return {}
    reserve: Int32Array = arrays["reserve"]
    count = int(groups.max()) + 1 if len(groups) else 0
    offers = len(reserve)
    if reserve.ndim == 1:
        if "reserve_group" not in arrays:
            problems.append(InvalidValue(Location("array", "reserve"), "has one dimension: reserve_group is needed"))
            return {}
        group = arrays["reserve_group"]
        problems.extend(
            InvalidValue(Location("offer", int(offer)), f"reserves seats for group {int(group[offer])}")
            for offer in np.flatnonzero(((group < 0) & (reserve > 0)) | (group < -1))
        )
        count = max(count, int(group.max()) + 1 if len(group) else 0)
        table = np.zeros((offers, max(count, 1)), dtype=np.int32)
        table[np.arange(offers), np.maximum(group, 0)] = reserve
    else:
        table = np.zeros((offers, max(count, reserve.shape[1], 1)), dtype=np.int32)
        table[:, : reserve.shape[1]] = reserve
    problems.extend(
        NegativeCapacity(Location("offer", int(offer)), "reserve", int(table[offer].min()))
        for offer, _column in np.argwhere(table < 0)
    )
    total = table.sum(axis=1, dtype=np.int64)
    capacity = arrays["capacity"]
    problems.extend(
        ReserveTooLarge(Location("offer", int(offer)), int(total[offer]), int(capacity[offer]))
        for offer in np.flatnonzero(total > np.maximum(capacity, 0))
    )
    return {"reserve": table}


def _forbidden(
    given: npt.ArrayLike,
    ptr: Int64Array,
    choices: Int32Array,
    priority: Int32Array,
    offers: int,
    problems: list[Problem],
) -> dict[str, Int32Array | BoolArray]:
    array = np.asarray(given)
    where = Location("array", "forbidden")
    if array.dtype == np.bool_:
        if array.shape != choices.shape:
            problems.append(LengthMismatch(where, len(choices), len(array)))
            return {}
        mask = array.copy()
    elif array.size == 0:
        mask = np.zeros(len(choices), dtype=np.bool_)
    elif array.ndim == 2 and array.shape[1] == 2 and array.dtype.kind in "iu":
        for row, (student, offer) in enumerate(array.tolist()):
            where_row = Location("array", "forbidden", row)
            if not 0 <= student < len(ptr) - 1:
                problems.append(UnknownId(where_row, "student", student))
            if not 0 <= offer < offers:
                problems.append(UnknownId(where_row, "offer", offer))
        students = np.repeat(np.arange(len(ptr) - 1, dtype=np.int64), np.diff(ptr))
        wide = array.astype(np.int64)
        mask = np.isin(students * max(offers, 1) + choices, wide[:, 0] * max(offers, 1) + wide[:, 1])
    else:
        problems.append(InvalidValue(where, "is neither a bool mask of the choices nor pairs of integers"))
        return {}
    effective = priority.copy()
    effective[mask] = -1
    return {"forbidden": mask, "priority": effective}
