"""`verify_log`: whether the log is what was written."""

import re
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backend.common.log_seal import Head, read_head, verify_log


class Command(BaseCommand):
    help = (
        "Check the chain over the log, name every entry that was changed, taken out or never sealed, and print the last "
        "link. Note it outside this service: --expect NUMBER:DIGEST tells later whether the end was cut off."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--expect", default="", metavar="NUMBER:DIGEST", help="a last link that was noted before")

    def handle(self, *args: Any, **options: Any) -> None:
        expected = None
        if options["expect"]:
            given = re.fullmatch(r"(\d{1,18}):([0-9a-f]{64})", options["expect"])
            if given is None:
                raise CommandError("--expect takes what this command printed: a number, a colon and 64 hex digits")
            expected = Head(int(given[1]), given[2])
        findings = 0
        for finding in verify_log(expected):
            findings += 1
            link = f"link {finding.number}: " if finding.number else ""
            entry = f"entry {finding.entry_id} " if finding.entry_id else ""
            self.stdout.write(f"{link}{entry}{finding.says}")
        if findings:
            raise CommandError(f"the log is not as it was written: {findings} findings")
        head = read_head()
        self.stdout.write(f"{head.number} entries, as they were written. Last link: {head.number}:{head.digest}")
