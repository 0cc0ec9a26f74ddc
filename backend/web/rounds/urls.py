"""Addresses of the pages about rounds."""

from django.urls import URLPattern, URLResolver, path

from backend.web.rounds import coordinator, employer, participants, results, runs, seats, student

urlpatterns: list[URLPattern | URLResolver] = [
    path("samordnare/omgangar/", coordinator.index, name="rounds"),
    path("samordnare/omgangar/ny/", coordinator.edit, name="round_new"),
    path("samordnare/omgangar/<int:round_id>/", coordinator.overview, name="round"),
    path("samordnare/omgangar/<int:round_id>/andra/", coordinator.edit, name="round_edit"),
    path("samordnare/omgangar/<int:round_id>/oppna/", coordinator.open_it, name="round_open"),
    path("samordnare/omgangar/<int:round_id>/stang/", coordinator.close_it, name="round_close"),
    path("samordnare/omgangar/<int:round_id>/oppna-igen/", coordinator.reopen, name="round_reopen"),
    path("samordnare/omgangar/<int:round_id>/stall-in/", coordinator.cancel, name="round_cancel"),
    path("samordnare/omgangar/<int:round_id>/platser/", seats.edit, name="round_seats"),
    path("samordnare/omgangar/platser/<int:seat_id>/utanfor/", seats.exclude, name="round_seat_exclude"),
    path("samordnare/omgangar/elever/<int:participant_id>/par/", participants.pair, name="round_pair"),
    path("samordnare/omgangar/par/<int:pair_id>/upphav/", participants.unpair, name="round_unpair"),
    path("samordnare/omgangar/<int:round_id>/elever/", participants.index, name="round_participants"),
    path("samordnare/omgangar/<int:round_id>/elever/lagg-till/", participants.add, name="round_participants_add"),
    path("samordnare/omgangar/elever/<int:participant_id>/", participants.one, name="round_participant"),
    path(
        "samordnare/omgangar/elever/<int:participant_id>/onskemal/",
        participants.wishes,
        name="round_participant_wishes",
    ),
    path(
        "samordnare/omgangar/elever/<int:participant_id>/ta-bort/", participants.remove, name="round_participant_remove"
    ),
    path("samordnare/omgangar/<int:round_id>/korningar/", runs.index, name="round_runs"),
    path("samordnare/omgangar/<int:round_id>/korningar/starta/", runs.start, name="round_run_start"),
    path("samordnare/omgangar/korningar/<int:run_id>/", runs.one, name="round_run"),
    path("samordnare/omgangar/korningar/<int:run_id>/avbryt/", runs.cancel, name="round_run_cancel"),
    path("samordnare/omgangar/korningar/<int:run_id>/indata.json", runs.snapshot, name="round_run_snapshot"),
    path("samordnare/omgangar/korningar/<int:run_id>/tavla/", runs.board, name="round_board"),
    path("samordnare/omgangar/korningar/<int:run_id>/flytta/<int:participant_id>/", runs.move, name="round_move"),
    path("samordnare/omgangar/korningar/<int:run_id>/las-upp/<int:participant_id>/", runs.unlock, name="round_unlock"),
    path("samordnare/omgangar/korningar/<int:run_id>/publicera/", runs.publish, name="round_publish"),
    path("samordnare/omgangar/<int:round_id>/resultat/", results.index, name="round_results"),
    path("samordnare/omgangar/<int:round_id>/resultat/angra/", results.undo, name="round_undo"),
    path("samordnare/omgangar/<int:round_id>/avsluta/", results.finish, name="round_finish"),
    path("samordnare/omgangar/<int:round_id>/andra-omgang/", results.second, name="round_second"),
    path("samordnare/omgangar/<int:round_id>/fragor/", results.appeal_list, name="round_appeals"),
    path("samordnare/omgangar/fragor/<int:appeal_id>/", results.appeal_answer, name="round_appeal_answer"),
    path("samordnare/omgangar/<int:round_id>/egna-platser/", results.own_place_list, name="round_own_places"),
    path(
        "samordnare/omgangar/egna-platser/<int:own_place_id>/", results.own_place_decide, name="round_own_place_decide"
    ),
    path("elev/omgangar/", student.index, name="student_rounds"),
    path("elev/omgangar/<int:round_id>/", student.one, name="student_round"),
    path("elev/omgangar/<int:round_id>/ga-med/", student.join, name="student_round_join"),
    path("elev/omgangar/<int:round_id>/lamna/", student.leave, name="student_round_leave"),
    path("elev/omgangar/<int:round_id>/onskemal/", student.wish, name="student_round_wish"),
    path("elev/omgangar/<int:round_id>/trangsel/", student.demand, name="student_round_demand"),
    path("elev/omgangar/<int:round_id>/egen-plats/", student.own_place, name="student_round_own_place"),
    path("elev/omgangar/<int:round_id>/svar/", student.answer, name="student_round_answer"),
    path("elev/omgangar/<int:round_id>/fraga/", student.appeal, name="student_round_appeal"),
    path("foretag/omgangar/", employer.index, name="employer_rounds"),
    path("foretag/omgangar/platser/<int:seat_id>/", employer.rank, name="employer_round_rank"),
]
