"""The records of processing: what is kept about people, from the tables that the service itself follows."""

from django.apps import apps

from backend.privacy.enums import DocumentKind
from backend.privacy.holdings import HOLDINGS, WITHOUT_OWNER
from backend.privacy.weeding import FIXED, WEEDERS


def models_of(kind: DocumentKind) -> tuple[str, ...]:
    """Labels of the models that are kept as this kind, by name."""
    labels = [label for label, holding in HOLDINGS.items() if holding.kind == kind]
    return tuple(sorted([*labels, *(label for label, found in WITHOUT_OWNER.items() if found.kind == kind)]))


def table_of_records() -> str:
    """The table of docs/privacy.md, in Markdown: kind, models with their number of personal fields, how long."""
    lines = ["| kind | models (fields told in a copy) | kept |", "|---|---|---|"]
    for kind in DocumentKind:
        models = []
        for label in models_of(kind):
            told = len(HOLDINGS[label].told) if label in HOLDINGS else len(WITHOUT_OWNER[label].names)
            models.append(f"`{apps.get_model(label)._meta.label}` ({told})")
        kept = "by the municipality's rule; without one nothing is deleted" if kind in WEEDERS else FIXED[kind]
        lines.append(f"| {kind.value} | {', '.join(models)} | {kept} |")
    return "\n".join(lines)
