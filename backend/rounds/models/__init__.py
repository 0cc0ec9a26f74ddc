"""Rounds: ranked wishes in, seats allocated centrally, published to all at once."""

from backend.rounds.models.people import (
    EmployerRanking,
    OwnFoundPlace,
    Participant,
    TownPair,
    Wish,
)
from backend.rounds.models.results import Appeal, Publication, Result
from backend.rounds.models.rounds import RegionCap, Round, RoundSeat, SeatReserve
from backend.rounds.models.runs import Adjustment, LockedPair, Outcome, Run, RunSeat

__all__ = [
    "Adjustment",
    "Appeal",
    "EmployerRanking",
    "LockedPair",
    "Outcome",
    "OwnFoundPlace",
    "Participant",
    "Publication",
    "RegionCap",
    "Result",
    "Round",
    "RoundSeat",
    "Run",
    "RunSeat",
    "SeatReserve",
    "TownPair",
    "Wish",
]
