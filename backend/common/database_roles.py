"""What the service's own role may do in the database: use every table, change the shape of none, and only add to the log.

The owner makes and changes tables (`migrate`); the processes of the service log in as the other role.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, connection, transaction
from psycopg import sql

# Only added to, whoever asks: the log and its chain.
APPEND_ONLY = ("common_logentry", "common_logseal")
_LOG = "common_logentry"
NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")


class RoleError(Exception):
    """The rights cannot be given; ``str(error)`` is one line for the terminal."""


def grant_service_rights(role: str, password: str = "") -> None:
    """Gives `role` what the service needs, and takes what it must not have. Repeating it changes nothing.

    Makes the role, or gives it `password`, where the owner may make roles. Raises RoleError when the role is missing and
    cannot be made, when it is a superuser, or when it is the owner itself.
    """
    if not NAME.fullmatch(role):
        raise RoleError("the name of the service's role is small letters, digits and underscores")
    name = sql.Identifier(role)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        owner = cursor.fetchone()[0]
        if role == owner:
            raise RoleError(f"the service's role and the owner are both {role!r}: the log would be changeable")
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = %s", [role])
        known = cursor.fetchone()
        try:
            if known is None:
                cursor.execute(sql.SQL("CREATE ROLE {} LOGIN").format(name))
            if password:
                cursor.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(name, sql.Literal(password)))
        except DatabaseError as error:
            raise RoleError(f"the role {role!r} cannot be made by {owner!r}: make it yourself, with LOGIN") from error
        if known is not None and known[0]:
            raise RoleError(f"the service's role {role!r} is a superuser")
        statements = (
            "GRANT USAGE ON SCHEMA public TO {0}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {0}",
            "GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO {0}",
            "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {0}",
            "REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {0}",
        )
        for statement in statements:
            cursor.execute(sql.SQL(statement).format(name))
        for table in APPEND_ONLY:
            cursor.execute(
                sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {1} FROM {0}").format(name, sql.Identifier(table))
            )
        # Taking out the text of a reason is the one change there is; the trigger checks the rest.
        cursor.execute(sql.SQL("GRANT UPDATE (reason, redacted_at) ON common_logentry TO {0}").format(name))


@contextmanager
def history_open() -> Iterator[None]:
    """Lets the owner of the tables date what it logs back, for a demo that looks lived in. Nobody else may.

    Must stand in a transaction, which keeps everybody else from the log meanwhile.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        # A table with checks still to come cannot be altered.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {_LOG} DISABLE TRIGGER log_stays")
        yield
        cursor.execute(f"ALTER TABLE {_LOG} ENABLE TRIGGER log_stays")
