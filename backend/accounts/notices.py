"""What changes who may come in is told to those whose account it is, at every address; the words stand in
notifications/about_logins.py."""

from backend.accounts.models import User
from backend.common import events, outbox


def tell_of_change(what: str, *people: User | None) -> None:
    """Records the change for each of the people once, in the caller's transaction. what: as in the log, "token.created"."""
    for person in {person.pk: person for person in people if person is not None}.values():
        events.record(what, person)
    outbox.wake()
