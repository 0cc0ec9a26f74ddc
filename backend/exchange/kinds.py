"""Which importer reads which kind of import."""

from backend.exchange.class_import import ClassListImporter
from backend.exchange.enums import ImportKind
from backend.exchange.importers import Importer
from backend.exchange.offer_import import OfferImporter

IMPORTERS: dict[str, type[Importer]] = {
    ImportKind.OFFERS: OfferImporter,
    ImportKind.CLASS_LIST: ClassListImporter,
}
