"""From one call to the next in one commit: the answer to the last call, and the mark that the next one begins.

Each commit waits for the disk, so that it survives a power cut. Where message follows message, what must be known after
one call and before the next is one statement and one wait.
"""

from dataclasses import dataclass

from django.db import connection

from backend.common.clock import database_now_sql
from backend.notifications.channels import Result
from backend.notifications.enums import DELIVERY, DeliveryState, Outcome
from backend.notifications.models import Delivery, DeliveryAttempt

_TURN = """
WITH answered AS (
    UPDATE {deliveries}
    SET state = %(target)s, done_at = {now}, reason = '', provider_answer = %(answer)s,
        provider_message_id = coalesce(nullif(%(message_id)s, ''), provider_message_id), lease_until = NULL
    WHERE id = %(answered)s AND lease_token = %(answered_lease)s AND state = ANY(%(sources)s)
    RETURNING id
), attempt AS (
    INSERT INTO {attempts} (delivery_id, number, outcome, answer, at)
    SELECT id, %(number)s, %(outcome)s, %(answer)s, {now} FROM answered
), marked AS (
    UPDATE {deliveries} SET called_at = {now}, template_version = %(version)s
    WHERE id = %(next)s AND lease_token = %(next_lease)s AND state = %(sending)s
        AND lease_until > {now} + make_interval(secs => %(lease_left)s)
    RETURNING id
)
SELECT EXISTS (SELECT FROM answered), EXISTS (SELECT FROM marked)
"""


@dataclass(frozen=True)
class Taken:
    """The provider has taken the delivery's message, and that is not written yet."""

    delivery: Delivery
    result: Result


def turn(taken: Taken, following: Delivery, version: str, lease_left: float) -> tuple[bool, bool]:
    """Writes the answer and the next mark, each on the condition that its lease is still ours: whether each was written.

    version: of the templates of the next message. lease_left: seconds the next lease must last at least.
    """
    move = DELIVERY.moves["delivery.sent"]
    statement = _TURN.format(
        deliveries=Delivery._meta.db_table, attempts=DeliveryAttempt._meta.db_table, now=database_now_sql()
    )
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            {
                "target": move.target,
                "sources": [str(state) for state in move.sources],
                "answered": taken.delivery.pk,
                "answered_lease": taken.delivery.lease_token,
                "answer": taken.result.answer,
                "message_id": taken.result.message_id,
                "number": taken.delivery.attempts,
                "outcome": Outcome.SENT,
                "next": following.pk,
                "next_lease": following.lease_token,
                "version": version,
                "sending": DeliveryState.SENDING,
                "lease_left": lease_left,
            },
        )
        answered, marked = cursor.fetchone()
    return answered, marked
