from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction

from backend.accounts.enums import RoleKind
from backend.accounts.models import Role, User
from backend.accounts.selectors import find_person_by_email
from backend.common.text import clean_address
from backend.common.transitions import log
from backend.reference.models import Municipality


class Command(BaseCommand):
    help = (
        "Creates someone who can log in by a code sent to the address, with roles. Running it again adds missing roles."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="", help="needed for someone new")
        parser.add_argument("--role", choices=["network"], help="network: belongs to the network office")
        parser.add_argument("--network", action="store_true", help="the same as --role network")
        parser.add_argument("--coordinator", action="append", default=[], metavar="CODE", help="of this municipality")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        email = clean_address(options["email"])
        try:
            validate_email(email)
        except ValidationError as error:
            raise CommandError(f"{email}: not an e-mail address") from error
        for code in options["coordinator"]:
            if not Municipality.objects.filter(pk=code).exists():
                raise CommandError(f"--coordinator: there is no municipality with code {code}; it has four digits")
        user = find_person_by_email(email)
        what = "is there already"
        if user is None:
            if not options["name"].strip():
                raise CommandError("--name is needed for someone new")
            user = User.objects.create_user(email, name=options["name"].strip())
            log("user.created", user, actor=None)
            what = "created"
        roles = [(RoleKind.COORDINATOR, code) for code in options["coordinator"]]
        if options["network"] or options["role"] == RoleKind.NETWORK:
            roles.append((RoleKind.NETWORK, None))
        added = [
            kind if code is None else f"{kind} {code}"
            for kind, code in roles
            if Role.objects.get_or_create(user=user, kind=kind, municipality_id=code)[1]
        ]
        if added:
            log("user.roles_added", user, actor=None, data={"roles": [str(role) for role in added]})
        self.stdout.write(f"{email} {what}; roles added: {', '.join(map(str, added)) or 'none'}")
