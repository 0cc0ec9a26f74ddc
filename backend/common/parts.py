"""Libraries that are loaded at their first use, and would be missed only then: whether they are installed."""

from importlib.util import find_spec

# The library, and what people ask for when it is loaded. tests/ops/test_parts.py holds the list against the imports.
LOADED_LATE = {
    "ortools": "rounds: optimal method",
    "highspy": "matching: exact pairs",
    "authlib": "logins of other services",
    "joserfc": "logins of other services",
    "pywebpush": "push notifications",
    "python_calamine": "imports: sheets of Excel and LibreOffice",
}


def missing_parts() -> tuple[str, ...]:
    """A line for each library that is not installed, such as `rounds: optimal method: ortools is missing`."""
    return tuple(f"{part}: {name} is missing" for name, part in LOADED_LATE.items() if not is_installed(name))


def is_installed(name: str) -> bool:
    """Whether the library could be loaded; it is not, to find out."""
    return find_spec(name) is not None
