"""From database keys to positions."""

from __future__ import annotations

import numpy as np

from matching.candidates.ragged import I32, I64


class IdMap:
    """Immutable map from id to position; `ids` are the ids by position."""

    __slots__ = ("ids", "ordered", "position")

    def __init__(self, ids: I64) -> None:
        self.ids = ids
        self.position: I32 = np.argsort(ids, kind="stable").astype(np.int32)
        self.ordered = ids[self.position]

    def find(self, wanted: int) -> int | None:
        """Position of one id, None where absent."""
        place = int(np.searchsorted(self.ordered, wanted))
        if place == len(self.ordered) or int(self.ordered[place]) != wanted:
            return None
        return int(self.position[place])

    def positions(self, wanted: I64) -> I64:
        """Positions of those ids that are present."""
        if len(self.ordered) == 0:
            return np.zeros(0, np.int64)
        place = np.searchsorted(self.ordered, wanted)
        place[place == len(self.ordered)] = 0
        found: I64 = self.position[place[self.ordered[place] == wanted]].astype(np.int64)
        return found

    def nbytes(self) -> int:
        """Bytes held."""
        return self.ids.nbytes + self.position.nbytes + self.ordered.nbytes
