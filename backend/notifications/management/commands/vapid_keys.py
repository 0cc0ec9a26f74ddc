"""`manage vapid_keys`: the keys of web push, made once."""

from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from django.core.management.base import BaseCommand, CommandError, CommandParser
from py_vapid.utils import b64urlencode

from backend.notifications import vapid


class Command(BaseCommand):
    help = "Makes the keys of web push in DATA_DIR/vapid.pem unless there are some; --print makes a pair for the environment."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--print", action="store_true", dest="print_key", help="print VAPID_PRIVATE_KEY=..., keep no file"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["print_key"]:
            secret = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
            self.stdout.write(f"VAPID_PRIVATE_KEY={b64urlencode(secret.to_bytes(32, 'big'))}")
            return
        try:
            made = vapid.make_file()
            keys = vapid.keys()
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        assert keys is not None
        self.stdout.write(f"{'made' if made else 'already there'}: {vapid.file()}\npublic key: {keys.public}")
