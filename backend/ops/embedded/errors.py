"""The one error of this package."""


class EmbeddedServerError(RuntimeError):
    """A server could not be found, prepared, started or stopped.

    ``str(error)`` is a single line meant for the person at the terminal: what failed and what to do about it.
    """
