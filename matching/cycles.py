"""Stable improvement cycles: better choices for students where only the lottery stood in the way.

Source: Erdil and Ergin 2008, "What's the Matter with Tie-Breaking?", *American Economic Review* 98(3), 669-689.

1. A student *claims* an offer they strictly prefer to their own. Of the claimants of an offer only those it ranks best
   may move in, or somebody it ranks higher would have cause to complain. That includes unplaced claimants: they have
   nothing to trade, but their claim stands before that of anyone ranked lower.
2. Draw an arrow from the student's offer to each offer they may move into. Everybody on a cycle moves along it: all
   are better off, and every offer swaps one student for another whom nobody waiting is ranked above.
3. Repeat until there is no cycle. Then no stable matching is better for one student and worse for none.

Several cycles are carried out before the claims are computed anew: moving can only remove claims, so whoever was among
the best claimants and has not moved still is. The result is checked by :func:`matching.verify` like any other; published
code for this step has been found to return unstable matchings (arXiv 2602.13250).

Time O(passes x E); in the worst case every pass finds one cycle. No student is ever worse off, but telling the truth is
no longer always a best reply (no rule has both properties: Abdulkadiroğlu, Pathak and Roth 2009).
"""

from __future__ import annotations

import numpy as np

from matching.market import Int64Array, Market

Arrow = tuple[int, int, int]  # offer moved into, student, position of that choice


def improve(market: Market, edge: Int64Array) -> tuple[Int64Array, int]:
    """Carry out cycles from a stable matching ``edge`` int64 ``(n,)``; the new ``edge`` and the number of cycles."""
    edge = edge.copy()
    students = np.repeat(np.arange(market.students), np.diff(market.student_ptr))
    acceptable = market.priority >= 0
    ranks = market.ranks()
    total = 0
    while True:
        own = edge[students]
        claims = np.flatnonzero(acceptable & ((own < 0) | (ranks < ranks[np.maximum(own, 0)])))
        best = np.full(market.offers, np.iinfo(np.int32).max, dtype=np.int32)
        np.minimum.at(best, market.choices[claims], market.priority[claims])
        claims = claims[(market.priority[claims] == best[market.choices[claims]]) & (own[claims] >= 0)]
        arrows: dict[int, list[Arrow]] = {}
        moving = students[claims]
        sources = market.choices[edge[moving]].tolist()
        for source, offer, student, position in zip(
            sources, market.choices[claims].tolist(), moving.tolist(), claims.tolist(), strict=True
        ):
            arrows.setdefault(source, []).append((offer, student, position))
        found = _carry_out(arrows, edge)
        if found == 0:
            return edge, total
        total += found


def _carry_out(arrows: dict[int, list[Arrow]], edge: Int64Array) -> int:
    """Carry out cycles with no student in common until the remaining arrows have none; how many there were."""
    next_arrow = dict.fromkeys(arrows, 0)
    moved: set[int] = set()
    done: set[int] = set()
    count = 0
    for root in sorted(arrows):
        if root in done:
            continue
        path, place, taken = [root], {root: 0}, list[Arrow]()
        while path:
            here = path[-1]
            out = arrows.get(here, [])
            at = next_arrow.get(here, 0)
            while at < len(out) and (out[at][1] in moved or out[at][0] in done):
                at += 1
            if at == len(out):
                done.add(here)
                del place[path.pop()]
                if taken:
                    taken.pop()
                continue
            offer = out[at][0]
            next_arrow[here] = at + 1
            if offer not in place:
                place[offer] = len(path)
                path.append(offer)
                taken.append(out[at])
                continue
            cycle = [*taken[place[offer] :], out[at]]
            for _, student, position in cycle:
                edge[student] = position
                moved.add(student)
            count += 1
            for dropped in path[place[offer] + 1 :]:
                del place[dropped]
                # its arrows before the current one may still be usable by another path
                next_arrow[dropped] = 0
            del path[place[offer] + 1 :], taken[place[offer] :]
    return count
