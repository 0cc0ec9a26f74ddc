"""The test suite. Differs from production only in addresses and strictness, never in behaviour."""

from .base import *

SECRET_KEY = "test-only-key-of-sufficient-length-for-the-signing-checks"
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
# Not where `make run` keeps its files: its keys and mails must not decide how a test ends.
DATA_DIR = BASE_DIR / ".data" / "test"
DATABASES["default"].update(TEST={"TEMPLATE": env.str("TEST_DATABASE_TEMPLATE", "template0")})
# A test looks at its own connection; a pool would hand out others.
del DATABASES["default"]["OPTIONS"]["pool"]


class UndefinedVariable(str):
    """Makes a template that names a missing variable fail instead of showing nothing."""

    __slots__ = ()

    def __mod__(self, missing: object) -> str:
        raise AssertionError(f"undefined template variable: {missing}")

    def __contains__(self, item: object) -> bool:
        return item == "%s"


TEMPLATE_OPTIONS["string_if_invalid"] = UndefinedVariable("%s")
# Static files are read from where they lie; nothing is collected for a test.
WHITENOISE_AUTOREFRESH = True
