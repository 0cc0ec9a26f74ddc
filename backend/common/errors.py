"""What a command answers when it will not do what was asked.

DomainError
├── Invalid      the input is wrong; `field` names the place (form field, column)
├── NotAllowed   the actor may not do this
├── NotFound     there is no such thing, or the actor must not know of it
└── Conflict     true a moment ago, not any more: a seat taken, a state already left
"""

from typing import Any

from django.utils.functional import Promise


class DomainError(Exception):
    """A refusal that a person can act on.

    code: stable and dotted (`offer.deadline_passed`), for programs and tests.
    message: one sentence for a person, translatable.
    field: the input it belongs to, empty when it belongs to the whole.
    data: ids and numbers only; it may reach a log.
    """

    status = 400

    def __init__(
        self, code: str, message: "str | Promise", *, field: str = "", data: dict[str, Any] | None = None
    ) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.field = field
        self.data = data or {}


class Invalid(DomainError):
    status = 400


class NotAllowed(DomainError):
    status = 403


class NotFound(DomainError):
    status = 404


class Conflict(DomainError):
    status = 409
