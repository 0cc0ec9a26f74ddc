"""Truths about the whole database that no single row can show, as queries that count what breaks them.

Constraints keep most of what must hold; these cross tables. Each counts offenders, so every one must answer 0.
"""

from dataclasses import dataclass

from django.db import connection
from django.utils.translation import gettext_noop as _


@dataclass(frozen=True)
class Invariant:
    """name: stable, for reports. says: in English; a page says it in the reader's language. sql: one number, the rows
    that break it."""

    name: str
    says: str
    sql: str


@dataclass(frozen=True)
class Breach:
    name: str
    says: str
    count: int


INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "seats.taken_are_held",
        _(
            "the seats taken in a period are those of its holding applications, of matches made by rounds, and of open rounds"
        ),
        """
        SELECT count(*) FROM offers_offerperiod p WHERE p.taken <>
          (SELECT count(*) FROM applications_application a
            LEFT JOIN placements_placement l ON l.match_id = a.match_id
            WHERE a.period_id = p.id AND a.state IN ('offered', 'accepted', 'approved')
              AND l.state IS DISTINCT FROM 'cancelled')
          + (SELECT count(*) FROM placements_match m
            LEFT JOIN placements_placement l ON l.match_id = m.id
            WHERE m.period_id = p.id AND m.source = 'round' AND m.state IN ('proposed', 'approved')
              AND l.state IS DISTINCT FROM 'cancelled'
              AND NOT EXISTS (SELECT 1 FROM applications_application a WHERE a.match_id = m.id))
          + (SELECT coalesce(sum(r.held), 0) FROM rounds_roundseat r WHERE r.period_id = p.id)
        """,
    ),
    Invariant(
        "seats.at_most_capacity",
        _("no period has more seats taken than it has"),
        "SELECT count(*) FROM offers_offerperiod WHERE taken > capacity OR taken < 0",
    ),
    Invariant(
        "applications.have_events",
        _("every application that exists was recorded as submitted"),
        """
        SELECT count(*) FROM applications_application a WHERE NOT EXISTS
          (SELECT 1 FROM common_domainevent e WHERE e.kind = 'application.submitted'
            AND e.subject_type = 'application' AND e.subject_id = a.id)
        """,
    ),
    Invariant(
        "applications.state_is_logged",
        _("the newest change of state in the log is the state of the application"),
        """
        SELECT count(*) FROM applications_application a WHERE a.state <> 'submitted' AND a.state IS DISTINCT FROM
          (SELECT l.data ->> 'to' FROM common_logentry l WHERE l.subject_type = 'application' AND l.subject_id = a.id
            AND l.data ? 'to' ORDER BY l.id DESC LIMIT 1)
        """,
    ),
    Invariant(
        "applications.accepted_waits_for_a_match",
        _("an accepted application has a match that waits for the coordinator"),
        """
        SELECT count(*) FROM applications_application a LEFT JOIN placements_match m ON m.id = a.match_id
          WHERE a.state = 'accepted' AND (m.state IS NULL OR m.state NOT IN ('proposed', 'approved', 'rejected'))
            OR a.state = 'accepted' AND m.state IN ('approved', 'rejected') AND NOT EXISTS (
              SELECT 1 FROM common_eventhandling h JOIN common_domainevent e ON e.id = h.event_id
              WHERE e.subject_type = 'match' AND e.subject_id = m.id AND h.state <> 'done')
        """,
    ),
    Invariant(
        "matches.follow_their_application",
        _("a match points at the student and the period of its application"),
        """
        SELECT count(*) FROM applications_application a JOIN placements_match m ON m.id = a.match_id
          WHERE m.student_id <> a.student_id OR m.period_id <> a.period_id
        """,
    ),
    Invariant(
        "placements.come_from_approved_matches",
        _("every placement has an approved match, and every approved match its placement"),
        """
        SELECT (SELECT count(*) FROM placements_placement l JOIN placements_match m ON m.id = l.match_id
            WHERE m.state <> 'approved' OR m.student_id <> l.student_id OR m.period_id <> l.period_id)
          + (SELECT count(*) FROM placements_match m WHERE m.state = 'approved'
            AND NOT EXISTS (SELECT 1 FROM placements_placement l WHERE l.match_id = m.id))
        """,
    ),
    Invariant(
        "placements.do_not_overlap",
        _("nobody has two placements on the same day"),
        """
        SELECT count(*) FROM placements_placement a JOIN placements_placement b
          ON a.student_id = b.student_id AND a.id < b.id AND a.start <= b."end" AND b.start <= a."end"
          WHERE a.state IN ('upcoming', 'ongoing') AND b.state IN ('upcoming', 'ongoing')
        """,
    ),
    Invariant(
        "offers.published_have_periods",
        _("a published offer has at least one period"),
        """
        SELECT count(*) FROM offers_offer o WHERE o.state = 'published'
          AND NOT EXISTS (SELECT 1 FROM offers_offerperiod p WHERE p.offer_id = o.id)
        """,
    ),
    Invariant(
        "offers.workplace_is_own",
        _("an offer is at a workplace of its own organisation"),
        """
        SELECT count(*) FROM offers_offer o JOIN organisations_workplace w ON w.id = o.workplace_id
          WHERE w.organisation_id <> o.organisation_id
        """,
    ),
    Invariant(
        "rounds.promises_are_results",
        _("what a round has promised in a row of seats are the offers of its publication that wait for an answer"),
        """
        SELECT count(*) FROM rounds_roundseat s WHERE s.promised <> (SELECT count(*) FROM rounds_result r
          WHERE r.seat_id = s.id AND r.state = 'offered')
        """,
    ),
    Invariant(
        "rounds.hold_while_they_last",
        _("only an open, closed or published round holds seats, and only such a round keeps its students"),
        """
        SELECT (SELECT count(*) FROM rounds_roundseat s JOIN rounds_round r ON r.id = s.round_id
            WHERE s.held > 0 AND r.state NOT IN ('open', 'closed', 'published'))
          + (SELECT count(*) FROM rounds_participant p JOIN rounds_round r ON r.id = p.round_id
            WHERE p.is_live AND r.state IN ('finished', 'cancelled'))
        """,
    ),
    Invariant(
        "rounds.accepted_have_their_match",
        _("an accepted result has a match of the same student in the same period"),
        """
        SELECT count(*) FROM rounds_result r JOIN rounds_participant p ON p.id = r.participant_id
          JOIN rounds_roundseat s ON s.id = r.seat_id LEFT JOIN placements_match m ON m.id = r.match_id
          WHERE r.state = 'accepted' AND (m.id IS NULL OR m.student_id <> p.student_id OR m.period_id <> s.period_id)
        """,
    ),
    Invariant(
        "rounds.runs_fill_what_they_say",
        _("the seats a run fills are those of its students"),
        """
        SELECT count(*) FROM rounds_runseat s WHERE s.filled <> (SELECT count(*) FROM rounds_outcome o
          WHERE o.run_id = s.run_id AND o.seat_id = s.seat_id)
        """,
    ),
    Invariant(
        "waiting_list.ranks_differ",
        _("no two on the same waiting list have the same rank"),
        """
        SELECT count(*) FROM (SELECT 1 FROM applications_application WHERE state = 'waitlisted'
          GROUP BY period_id, waiting_rank HAVING count(*) > 1) AS doubles
        """,
    ),
    Invariant(
        "students.protected_are_not_suggested",
        _("nobody with a protected identity is in a suggestion"),
        """
        SELECT count(*) FROM suggestions_suggestion s JOIN students_student p ON p.id = s.student_id WHERE p.is_protected
        """,
    ),
    Invariant(
        "deliveries.one_per_channel",
        _("one event reaches one person once on each channel"),
        """
        SELECT count(*) FROM (SELECT 1 FROM notifications_delivery
          GROUP BY event_id, recipient_id, channel HAVING count(*) > 1) AS doubles
        """,
    ),
    Invariant(
        "deliveries.sent_have_an_attempt",
        _("a mail that counts as sent was attempted"),
        """
        SELECT count(*) FROM notifications_delivery d WHERE d.state = 'sent' AND d.channel = 'email'
          AND d.carried_by_id IS NULL AND NOT EXISTS (SELECT 1 FROM notifications_deliveryattempt a
            WHERE a.delivery_id = d.id)
        """,
    ),
)


def check() -> list[Breach]:
    """Every invariant with the number of rows that break it, in the order above."""
    found = []
    with connection.cursor() as cursor:
        for invariant in INVARIANTS:
            cursor.execute(invariant.sql.replace("%", "%%"))
            found.append(Breach(invariant.name, invariant.says, int(cursor.fetchone()[0])))
    return found


def broken() -> list[Breach]:
    """Those that do not hold."""
    return [breach for breach in check() if breach.count]
