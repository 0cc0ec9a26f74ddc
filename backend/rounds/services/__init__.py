"""Commands about rounds. Each authorises, locks, changes, logs and tells in one transaction.

Locks are taken in the order student, round, run or result, row of seats, period.
"""

from backend.rounds.services.appeals import answer_appeal, appeal_result
from backend.rounds.services.lifecycle import (
    cancel_round,
    close_overdue,
    close_round,
    finish_round,
    open_round,
    reopen_round,
    start_second_round,
)
from backend.rounds.services.own_places import OwnPlaceDetails, accept_own_place, reject_own_place, submit_own_place
from backend.rounds.services.publishing import publish_round, undo_publication
from backend.rounds.services.results import (
    accept_result,
    decline_result,
    end_fallen_result,
    fallen,
    lapse_result,
    refill_seat,
    release_overlapping_results,
)
from backend.rounds.services.runs import (
    MoveWarning,
    adjust,
    cancel_run,
    lock_pair,
    set_seat_excluded,
    start_run,
    unlock_pair,
    warnings_for,
)
from backend.rounds.services.setup import (
    ParticipantsAdded,
    RoundDetails,
    SeatDetails,
    add_participants,
    create_round,
    create_round_once,
    pair_participants,
    remove_participant,
    set_seats,
    unpair,
    update_participant,
    update_round,
)
from backend.rounds.services.wishes import join_round, leave_round, rank_applicants, set_wishes

__all__ = [
    "MoveWarning",
    "OwnPlaceDetails",
    "ParticipantsAdded",
    "RoundDetails",
    "SeatDetails",
    "accept_own_place",
    "accept_result",
    "add_participants",
    "adjust",
    "answer_appeal",
    "appeal_result",
    "cancel_round",
    "cancel_run",
    "close_overdue",
    "close_round",
    "create_round",
    "create_round_once",
    "decline_result",
    "end_fallen_result",
    "fallen",
    "finish_round",
    "join_round",
    "lapse_result",
    "leave_round",
    "lock_pair",
    "open_round",
    "pair_participants",
    "publish_round",
    "rank_applicants",
    "refill_seat",
    "reject_own_place",
    "release_overlapping_results",
    "remove_participant",
    "reopen_round",
    "set_seat_excluded",
    "set_seats",
    "set_wishes",
    "start_run",
    "start_second_round",
    "submit_own_place",
    "undo_publication",
    "unlock_pair",
    "unpair",
    "update_participant",
    "update_round",
    "warnings_for",
]
