"""A rule of how long documents are kept, as a municipality decides it."""

from datetime import date

from backend.privacy.models import RetentionRule
from backend.privacy.retention import RuleDetails, save_retention_rule
from tests.factories.rows import FINSPANG


def rule(actor, code: str | None = FINSPANG, **said) -> RetentionRule:
    details = {
        "kind": "application",
        "condition": "always",
        "action": "weed",
        "years": 2,
        "counted_from": "last_change",
        "decision_number": "BUN 2026:14",
        "decided_by": "Barn- och utbildningsnämnden",
        "decided_on": date(2026, 9, 1),
        **said,
    }
    if details["action"] == "preserve":
        details |= {"years": None, "counted_from": ""}
    return save_retention_rule(actor=actor, municipality_code=code, details=RuleDetails(**details))
