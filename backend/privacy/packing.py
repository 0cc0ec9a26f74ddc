"""The zip file of a copy: data.json for programs, uppgifter.html for people, and the files that the person has sent."""

import io
import json
import zipfile
from collections.abc import Iterable

from django.template.loader import render_to_string

from backend.common import clock
from backend.privacy.gathering import Section, Upload

READABLE, MACHINE = "uppgifter.html", "data.json"


def pack(sections: list[Section], uploads: Iterable[Upload], *, whose: str, language: str) -> bytes:
    """The bytes of the zip file, in the active language. whose: the name on the readable page."""
    files = list(uploads)
    page = render_to_string(
        "pages/account/own_data_file.html",
        {"sections": sections, "files": files, "whose": whose, "language": language, "at": clock.now()},
    )
    data = {each.label: [{value.name: value.raw for value in row} for row in each.rows] for each in sections}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(READABLE, page)
        archive.writestr(MACHINE, json.dumps(data, ensure_ascii=False, indent=2))
        for file in files:
            archive.writestr(file.path, file.content)
    return buffer.getvalue()
