"""How long documents are kept: rules as data, the commands that change them, and the work they lead to."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import DateField, Q
from django.utils.translation import gettext as _

from backend.accounts.models import User
from backend.accounts.policies import knows_protected_of
from backend.common import clock
from backend.common.errors import Conflict, Invalid, NotAllowed, NotFound
from backend.common.transitions import log
from backend.privacy.enums import DocumentKind, RetentionAction, RetentionCondition
from backend.privacy.models import RetentionRule, RetentionRun
from backend.privacy.policies import can_rule
from backend.privacy.weeding import WEEDERS
from backend.reference.models import Municipality

BATCH = 100
LONGEST_YEARS = 100
ALWAYS = RetentionCondition.ALWAYS


@dataclass(frozen=True)
class RuleDetails:
    """What a decision says. See RetentionRule."""

    kind: str
    condition: str
    action: str
    years: int | None
    counted_from: str
    decision_number: str
    decided_by: str
    decided_on: date


@dataclass(frozen=True)
class Due:
    """How many documents of a municipality go by a rule today."""

    rule: RetentionRule
    municipality: Municipality
    count: int


def list_rules(municipality_code: str | None) -> list[RetentionRule]:
    """Those in force of the municipality itself, or the network's defaults."""
    return list(RetentionRule.objects.filter(municipality=municipality_code, ended_at__isnull=True))


def _in_force(rules: Iterable[RetentionRule], defaults: Iterable[RetentionRule]) -> dict[str, list[RetentionRule]]:
    """By kind. A municipality with a rule of its own for a kind follows none of the network's for it."""
    found: dict[str, list[RetentionRule]] = {}
    for rule in rules:
        found.setdefault(rule.kind, []).append(rule)
    for kind in {rule.kind for rule in defaults} - set(found):
        found[kind] = [rule for rule in defaults if rule.kind == kind]
    return found


def rules_in_force(municipality_code: str) -> dict[str, list[RetentionRule]]:
    """kind -> the rules that hold in the municipality."""
    return _in_force(list_rules(municipality_code), list_rules(None))


def _name(rule: RetentionRule) -> str:
    """What a refusal calls a rule."""
    whose = rule.municipality.name if rule.municipality else _("the network")
    what = f"{rule.get_kind_display()}, {rule.get_condition_display()}: {rule.get_action_display()}"
    return f"{what} ({whose}, {rule.decision_number})"


def _forbids(keeping: RetentionRule, weeding: RetentionRule) -> bool:
    """Whether what one rule deletes is what the other keeps, or keeps longer."""
    if weeding.action != RetentionAction.WEED:
        return False
    if keeping.kind == weeding.kind:
        overlap = ALWAYS in {keeping.condition, weeding.condition} or keeping.condition == weeding.condition
        if not overlap or keeping.condition == weeding.condition:
            return False
    elif DocumentKind(keeping.kind) not in WEEDERS[DocumentKind(weeding.kind)].takes:
        return False
    return keeping.action == RetentionAction.PRESERVE or (keeping.years or 0) > (weeding.years or 0)


def _refuse_contradictions(rule: RetentionRule) -> None:
    """Raises Conflict when the rule would delete what another forbids, or forbid what another deletes. Names both."""
    defaults = [each for each in list_rules(None) if not _replaces(rule, each)]
    if rule.municipality_id is None:
        defaults.append(rule)
        codes = set(
            RetentionRule.objects.filter(ended_at__isnull=True, municipality__isnull=False).values_list(
                "municipality", flat=True
            )
        )
    else:
        codes = {rule.municipality_id}
    worlds = [_in_force([], defaults)] if rule.municipality_id is None else []
    for code in sorted(codes):
        own = [each for each in list_rules(code) if not _replaces(rule, each)]
        worlds.append(_in_force([*own, rule] if rule.municipality_id == code else own, defaults))
    for world in worlds:
        together = [each for rules in world.values() for each in rules]
        if rule not in together:
            continue
        for other in together:
            if other is not rule and (_forbids(other, rule) or _forbids(rule, other)):
                raise Conflict(
                    "retention.forbidden",
                    _("One rule would delete what another keeps: %(first)s, and %(second)s.")
                    % {"first": _name(rule), "second": _name(other)},
                )


def _replaces(rule: RetentionRule, other: RetentionRule) -> bool:
    return (rule.municipality_id, rule.kind, rule.condition) == (other.municipality_id, other.kind, other.condition)


@transaction.atomic
def save_retention_rule(*, actor: User, municipality_code: str | None, details: RuleDetails) -> RetentionRule:
    """The rule takes the place of the one in force for the same documents.

    Raises NotAllowed, Invalid with the field, and Conflict (`retention.forbidden`) naming both rules that contradict.
    """
    if not can_rule(actor, municipality_code):
        raise NotAllowed("retention.not_yours", _("Only the municipality decides how long its documents are kept."))
    rule = RetentionRule(municipality_id=municipality_code, **_checked(details))
    # One at a time: two rules that contradict each other must not both be the first.
    list(RetentionRule.objects.select_for_update().filter(ended_at__isnull=True))
    list(Municipality.objects.select_for_update().filter(pk=municipality_code))
    _refuse_contradictions(rule)
    RetentionRule.objects.filter(
        municipality=municipality_code, kind=rule.kind, condition=rule.condition, ended_at__isnull=True
    ).update(ended_at=clock.now())
    try:
        with transaction.atomic():
            rule.save()
    except IntegrityError as error:
        raise Conflict("retention.changed", _("Somebody else has just changed the rule. Look at it again.")) from error
    log("retention.rule_saved", rule, actor=actor)
    return rule


@transaction.atomic
def end_retention_rule(*, actor: User, rule_id: int) -> None:
    """The documents are kept from now on, or follow the network's default. Raises NotFound, and Conflict as saving does."""
    rule = RetentionRule.objects.select_for_update().filter(pk=rule_id, ended_at__isnull=True).first()
    if rule is None or not can_rule(actor, rule.municipality_id):
        raise NotFound("retention.unknown", _("There is no such rule."))
    rule.ended_at = clock.now()
    rule.save(update_fields=["ended_at", "updated_at"])
    if rule.municipality_id is not None:
        for default in list_rules(None):
            _refuse_contradictions_in(rule.municipality_id, default)
    log("retention.rule_ended", rule, actor=actor)


def _refuse_contradictions_in(code: str, rule: RetentionRule) -> None:
    together = [each for rules in rules_in_force(code).values() for each in rules]
    for other in together:
        if other != rule and rule in together and (_forbids(other, rule) or _forbids(rule, other)):
            raise Conflict(
                "retention.forbidden",
                _("One rule would delete what another keeps: %(first)s, and %(second)s.")
                % {"first": _name(rule), "second": _name(other)},
            )


def _checked(details: RuleDetails) -> dict[str, Any]:
    """The fields of a rule. Raises Invalid with the field."""
    known = {kind.value: weeder for kind, weeder in WEEDERS.items()}
    if details.kind not in known:
        raise Invalid("retention.unknown_kind", _("Choose from the list."), field="kind")
    weeder = known[details.kind]
    if details.condition not in {ALWAYS.value, *weeder.conditions}:
        raise Invalid("retention.unknown_condition", _("This does not fit the kind of document."), field="condition")
    if details.action not in RetentionAction.values:
        raise Invalid("retention.unknown_action", _("Choose from the list."), field="action")
    is_weeding = details.action == RetentionAction.WEED
    if is_weeding and not (details.years and 1 <= details.years <= LONGEST_YEARS):
        raise Invalid("retention.no_years", _("Enter a number of years between 1 and 100."), field="years")
    if is_weeding and details.counted_from not in weeder.events:
        raise Invalid("retention.unknown_event", _("This does not fit the kind of document."), field="counted_from")
    number, board = details.decision_number.strip()[:40], details.decided_by.strip()[:120]
    if not number:
        raise Invalid("retention.no_decision", _("Enter the number of the decision."), field="decision_number")
    if not board:
        raise Invalid("retention.no_board", _("Enter who decided."), field="decided_by")
    if details.decided_on > clock.today():
        raise Invalid("retention.not_decided", _("The decision is in the future."), field="decided_on")
    return {
        "kind": details.kind,
        "condition": details.condition,
        "action": details.action,
        "years": details.years if is_weeding else None,
        "counted_from": details.counted_from if is_weeding else "",
        "decision_number": number,
        "decided_by": board,
        "decided_on": details.decided_on,
    }


def _due_ids(rule: RetentionRule, municipality_code: str, *, is_protected: bool, limit: int | None = None) -> Any:
    """Ids of what goes by the rule today, oldest first. is_protected: of protected identities, or of all others."""
    weeder = WEEDERS[DocumentKind(rule.kind)]
    path = weeder.events[rule.counted_from]
    student = weeder.municipality.removesuffix("municipality")
    rows = weeder.rows().filter(**{weeder.municipality: municipality_code, f"{student}is_protected": is_protected})
    if rule.condition != ALWAYS:
        rows = rows.filter(weeder.conditions[rule.condition])
    before = _years_before(rule.years or 0)
    is_day = isinstance(_field_at(rows.model, path), DateField) and path == "end"
    rows = rows.filter(Q((f"{path}__lt", before.date() if is_day else before))).order_by(path, "pk")
    return rows.values_list("pk", flat=True)[:limit] if limit else rows.values_list("pk", flat=True)


def _field_at(model: Any, path: str) -> Any:
    *heads, last = path.split("__")
    for name in heads:
        model = model._meta.get_field(name).related_model
    return model._meta.get_field(last)


def _years_before(years: int) -> datetime:
    """The moment so many years ago; from 29 February, 28 February."""
    now = clock.now()
    try:
        return now.replace(year=now.year - years)
    except ValueError:
        return (now - timedelta(days=1)).replace(year=now.year - years)


def _weeding() -> Iterator[tuple[Municipality, RetentionRule]]:
    """Each rule that deletes, with each municipality in which it holds."""
    defaults = list_rules(None)
    own: dict[str, list[RetentionRule]] = {}
    for rule in RetentionRule.objects.filter(ended_at__isnull=True, municipality__isnull=False):
        own.setdefault(rule.municipality_id or "", []).append(rule)
    codes = Municipality.objects.filter(Q(students__isnull=False) | Q(pk__in=own)).distinct().order_by("pk")
    for municipality in codes:
        for rules in _in_force(own.get(municipality.pk, []), defaults).values():
            for rule in rules:
                if rule.action == RetentionAction.WEED:
                    yield municipality, rule


def list_runs(user: User, municipality_code: str | None) -> list[RetentionRun]:
    """The last 100 lines of the protocol: of a municipality, or of all by the network's defaults.

    Those about protected identities are shown under a grant.
    """
    runs = RetentionRun.objects.select_related("rule", "municipality")
    if municipality_code is None:
        runs = runs.filter(rule__municipality__isnull=True, is_protected=False)
    else:
        runs = runs.filter(municipality=municipality_code)
        if not knows_protected_of(user, municipality_code):
            runs = runs.filter(is_protected=False)
    return list(runs[:100])


def list_due(municipality_code: str | None = None) -> list[Due]:
    """What goes today, and by which rule; nothing is deleted. municipality_code: of that one alone.

    Without what is about protected identities: a number, too, would tell of one.
    """
    found = []
    for municipality, rule in _weeding():
        if municipality_code in {None, municipality.pk} and (
            count := _due_ids(rule, municipality.pk, is_protected=False).count()
        ):
            found.append(Due(rule, municipality, count))
    return found


def weed_due(batches: int = 20) -> int:
    """Deletes what goes today, in batches of a transaction each, with a line of the protocol. Returns how many."""
    gone = 0
    for municipality, rule in _weeding():
        for is_protected in (False, True):
            while batches > 0 and (count := _weed_batch(rule, municipality.pk, is_protected=is_protected)):
                gone, batches = gone + count, batches - 1
    return gone


@transaction.atomic
def _weed_batch(rule: RetentionRule, municipality_code: str, *, is_protected: bool) -> int:
    # Asked once more under the lock: the rule may have ended since the list was read.
    if not RetentionRule.objects.select_for_update().filter(pk=rule.pk, ended_at__isnull=True).exists():
        return 0
    ids = list(_due_ids(rule, municipality_code, is_protected=is_protected, limit=BATCH))
    if ids:
        WEEDERS[DocumentKind(rule.kind)].delete(ids)
        RetentionRun.objects.create(
            rule=rule,
            municipality_id=municipality_code,
            is_protected=is_protected,
            count=len(ids),
            done_at=clock.now(),
        )
    return len(ids)
