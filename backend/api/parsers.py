"""What programs send, as it is compared and stored."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.parsers import JSONParser

from backend.common.text import clean_values


class CleanJSONParser(JSONParser):
    """JSON whose texts are composed and free of invisible characters, like those of every form."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        return clean_values(super().parse(stream, media_type, parser_context))
