"""Which importer reads which kind of import, and which part of the file it takes."""

from collections.abc import Mapping
from typing import Any

from backend.exchange.class_import import ClassListImporter
from backend.exchange.enums import ImportKind
from backend.exchange.fields import recogniser
from backend.exchange.importers import Importer
from backend.exchange.offer_import import OfferImporter
from backend.exchange.reading import Sheet, read_sheet

IMPORTERS: dict[str, type[Importer]] = {
    ImportKind.OFFERS: OfferImporter,
    ImportKind.CLASS_LIST: ClassListImporter,
}


def read_table(kind: str, content: bytes, options: Mapping[str, Any]) -> Sheet:
    """The part of the file that an import of this kind takes. options: the job's. Raises Invalid."""
    return read_sheet(
        content,
        recognise=recogniser(IMPORTERS[kind].fields),
        sheet=str(options.get("sheet") or ""),
        heading_line=options.get("heading_line"),
    )
