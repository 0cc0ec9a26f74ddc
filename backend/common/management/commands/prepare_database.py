"""`prepare_database`: what a release does to the database before its processes start."""

import os
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from backend.common.database_roles import RoleError, grant_service_rights

VARIABLE = "SERVICE_DATABASE_URL"


class Command(BaseCommand):
    help = (
        "Migrate as the owner of the tables (DATABASE_URL), then give the role of the service, which SERVICE_DATABASE_URL "
        "names, its rights: every table, the log only to add to."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", verbosity=options["verbosity"], interactive=False)
        address = urlsplit(os.environ.get(VARIABLE, ""))
        if not address.username:
            raise CommandError(f"{VARIABLE} is not set: it is the address with which the service's processes log in")
        try:
            grant_service_rights(unquote(address.username), unquote(address.password or ""))
        except RoleError as error:
            raise CommandError(str(error)) from error
