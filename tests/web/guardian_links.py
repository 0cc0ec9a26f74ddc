"""How a test opens the link of a guardian's mail: the code is read from the mail that it was sent in."""

import re

from django.core import mail
from django.test import Client


def code_in_mail() -> str:
    found = re.search(r"^(\d{6})$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found is not None, mail.outbox[-1].body
    return found[1]


def open_by_code(client: Client, address: str) -> None:
    """Asks for a code, reads it in the mail and types it."""
    client.post(address, {"action": "send"})
    assert client.post(address, {"code": code_in_mail()}).status_code == 302
