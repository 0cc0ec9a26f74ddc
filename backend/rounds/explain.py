"""Why: one plain sentence for each wish of a student, in the language that is active."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


class Kind(StrEnum):
    """What happened with one wish; the letter is what a run stores."""

    ACCEPTED = "a"
    BETTER = "b"
    FILLED = "f"
    LOTTERY = "l"
    REGION = "r"
    RESERVE = "g"
    TOTAL = "t"
    CLOSED = "c"
    NOT_POSSIBLE = "x"
    PAIR = "p"
    LOCKED = "k"


@dataclass(frozen=True)
class WishFacts:
    """One wish and the facts of its sentence. kind: empty before a run. seats, wished: numbers of seats and of students
    who wish for the place, `wished` empty where so few wish that the number would tell on them."""

    rank: int
    title: str
    organisation: str
    kind: str
    seats: int
    wished: int | None
    lot: int


def reason_for(wish: WishFacts) -> str:
    """The sentence. An unknown kind says that a person decided, which is what an adjustment is."""
    if wish.kind in {Kind.FILLED, Kind.LOTTERY}:
        return _crowded(wish)
    return _SIMPLE.get(wish.kind, _by_person)()


def _crowded(wish: WishFacts) -> str:
    if wish.wished is None:
        asked = ngettext("The place has %(seats)d seat.", "The place has %(seats)d seats.", wish.seats)
    else:
        asked = ngettext(
            "%(wished)d students wished for this place, which has %(seats)d seat.",
            "%(wished)d students wished for this place, which has %(seats)d seats.",
            wish.seats,
        )
    asked = asked % {"seats": wish.seats, "wished": wish.wished}
    if wish.kind == Kind.FILLED:
        why = _("The seats there went to students with higher priority.")
    else:
        why = _("Students with the same priority were drawn by lot, and your number (%(lot)d) came too late.") % {
            "lot": wish.lot
        }
    return f"{asked} {why}"


def _by_person() -> str:
    return _("A coordinator has decided about your place by hand.")


_SIMPLE: dict[str, Callable[[], str]] = {
    Kind.ACCEPTED: lambda: _("You got this place."),
    Kind.BETTER: lambda: _("You got a place that you wanted more."),
    Kind.REGION: lambda: _("As many students as allowed already have places in that municipality."),
    Kind.RESERVE: lambda: _("The seats were reserved for a group with too few places."),
    Kind.TOTAL: lambda: _("Giving you this place would have cost others more of their wishes than you would have won."),
    Kind.CLOSED: lambda: _("The place could not take anyone in this round."),
    Kind.NOT_POSSIBLE: lambda: _("You may not have this place, because of your age or because it is no longer there."),
    Kind.PAIR: lambda: _("The two of you could not get places together with this wish."),
    Kind.LOCKED: lambda: _("Your place was decided beforehand, so this wish was not tried."),
}


def summary(rank: int | None, wishes: Sequence[WishFacts], *, is_placed: bool, by_person: bool) -> str:
    """The one sentence of the message: which wish it became, or why it became none."""
    if by_person or (is_placed and not rank):
        return _by_person()
    if is_placed and rank == 1:
        return _("You got your first wish.")
    if is_placed:
        return _("You got your wish number %(rank)d.") % {"rank": rank} + " " + _first_reason(wishes)
    if not wishes:
        return _("You had not wished for any place.")
    return _("None of your wishes could be met.") + " " + _first_reason(wishes)


def _first_reason(wishes: Sequence[WishFacts]) -> str:
    if not wishes or wishes[0].kind in {Kind.ACCEPTED, Kind.BETTER, ""}:
        return ""
    return _("About your first wish: %(reason)s") % {"reason": reason_for(wishes[0])}
