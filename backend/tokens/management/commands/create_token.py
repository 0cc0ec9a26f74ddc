from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backend.accounts.selectors import find_person_by_email
from backend.common.errors import DomainError
from backend.tokens.enums import Scope
from backend.tokens.services import USUAL_DAYS, TokenDetails, create_token


class Command(BaseCommand):
    help = "Makes a token for the API and prints it once. It acts for the person with the address."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True, help="whom the token acts for")
        parser.add_argument(
            "--scopes", required=True, nargs="+", metavar="SCOPE", help=f"what it opens: {', '.join(Scope.values)}"
        )
        parser.add_argument("--name", default="console", help="what it is for, as the person sees it")
        parser.add_argument("--organisation", type=int, default=None, metavar="ID", help="makes it the organisation's")
        parser.add_argument("--days", type=int, default=USUAL_DAYS, help="until it ends")

    def handle(self, *args: Any, **options: Any) -> None:
        user = find_person_by_email(options["email"])
        if user is None or not user.is_active:
            raise CommandError(f"--email: nobody with the address {options['email']} can log in")
        scopes = [scope for part in options["scopes"] for scope in part.split(",") if scope]
        if unknown := sorted(set(scopes) - set(Scope.values)):
            raise CommandError(f"--scopes: {', '.join(unknown)} is none of {', '.join(Scope.values)}")
        details = TokenDetails(options["name"], scopes, options["organisation"], options["days"])
        try:
            made = create_token(actor=None, user=user, details=details)
        except DomainError as error:
            raise CommandError(f"{error.field or 'token'}: {error.message}") from error
        self.stdout.write(made.secret)
