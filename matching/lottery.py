"""The seeded lottery that decides between students an offer ranks alike.

One draw for the whole market ("single tie-breaking"): every offer uses the same order. Compared with a draw an offer
it leaves fewer students displaced by luck alone (Abdulkadiroğlu, Pathak and Roth 2009, *American Economic Review*
99(5), 1954-1978), and one number a student is easy to publish and to check afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def splitmix64(seed: int, count: int) -> npt.NDArray[np.uint64]:
    """``count`` numbers of the SplitMix64 generator (Steele, Lea and Flood 2014, OOPSLA), shape ``(count,)``.

    Written out here because a recorded draw has to be repeatable for years: NumPy does not promise that its own
    generators give the same numbers in a later version.
    """
    z = np.arange(1, count + 1, dtype=np.uint64)
    z *= _GOLDEN
    z += np.uint64(seed & 0xFFFFFFFFFFFFFFFF)
    z ^= z >> np.uint64(30)
    z *= _MIX_1
    z ^= z >> np.uint64(27)
    z *= _MIX_2
    z ^= z >> np.uint64(31)
    return z


@dataclass(frozen=True, slots=True)
class Lottery:
    """A draw of lots over all students of a market, fixed by ``seed`` and the order the students were listed in."""

    seed: int = 0

    def positions(self, students: int) -> npt.NDArray[np.int32]:
        """Place in the draw of each student, int32 ``(students,)``, 0 = first. A permutation of ``range(students)``."""
        drawn = self.order(students)
        places = np.empty(students, dtype=np.int32)
        places[drawn] = np.arange(students, dtype=np.int32)
        return places

    def order(self, students: int) -> npt.NDArray[np.int32]:
        """Student index at each place in the draw, int32 ``(students,)``: the inverse of :meth:`positions`."""
        return np.argsort(splitmix64(self.seed, students), kind="stable").astype(np.int32)
