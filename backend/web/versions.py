"""Two people at the same form: whoever saves second sees what the first has changed, and loses nothing that was typed.

The page carries in `seen` what it showed, as a digest of the form's first values. The view that saves compares it with the row
as it stands, locked, just before the command:

    def fresh() -> ProfileForm:
        return ProfileForm(initial=initial_of(Organisation.objects.get(pk=pk)))

    form = watch(request, ProfileForm(request.POST or None, initial=...), fresh)
    ...
        with unchanged(request, form, fresh, Organisation.objects.filter(pk=pk)):
            update_organisation(...)

`<c-form-errors :form="form" />` inside the form draws the hidden field, and after a conflict the values of the other person;
saving once more keeps what was typed.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from hashlib import sha256
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model, QuerySet
from django.forms import BaseForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from backend.common.errors import Conflict
from backend.common.models import LogEntry

SEEN = "seen"
F = TypeVar("F", bound=BaseForm)
Fresh = Callable[[], BaseForm]


def watch(request: HttpRequest, form: F, fresh: Fresh) -> F:
    """The form, which remembers what the page showed when it was opened, also while it is corrected.

    fresh: makes the unbound form of the row as it stands now.
    """
    seen = request.POST.get(SEEN, "") if request.method == "POST" else ""
    form.version = seen or version_of(fresh())  # type: ignore[attr-defined]
    return form


def version_of(form: BaseForm) -> str:
    """A short name of the values that an unbound form shows; equal for equal values."""
    values = {name: _plain(form.get_initial_for_field(field, name)) for name, field in form.fields.items()}
    return sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:32]


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset | QuerySet):
        return sorted(str(each) for each in value)
    return "" if value is None else str(value)


@contextmanager
def unchanged(request: HttpRequest, form: BaseForm, fresh: Fresh, *rows: "QuerySet[Any]") -> Iterator[None]:
    """Around the command that saves. rows: what it locks first, in its order; none for a form that makes something new.

    Raises Conflict `form.changed` when somebody has changed what the page showed and it is not what is sent.
    """
    with transaction.atomic():
        locked = [row for each in rows for row in each.select_for_update()]
        seen = request.POST.get(SEEN, "")
        if locked and seen:
            now = fresh()
            version = version_of(now)
            if version != seen and (others := _others(form, now)):
                form.version, form.others = version, others  # type: ignore[attr-defined]
                raise Conflict("form.changed", _who(request, locked[-1]))
        yield


def _who(request: HttpRequest, row: Model) -> str:
    """Who was faster, when that is somebody of an office or an organisation: a student is named to nobody here."""
    log = LogEntry.objects.filter(subject_type=row._meta.model_name, subject_id=row.pk)
    last = log.select_related("actor__student").last()
    actor = last.actor if last is not None else None
    if actor is None or actor == request.user or hasattr(actor, "student"):
        text = _("Somebody has changed this since you opened the page. Nothing you wrote is lost.")
    else:
        text = _("%(name)s has changed this since you opened the page. Nothing you wrote is lost.") % {
            "name": actor.name
        }
    return " ".join((text, _("Compare, and save again to keep what you have written.")))


def _others(form: BaseForm, now: BaseForm) -> list[tuple[str, str]]:
    """Label and value of every field that now holds something else than what is sent."""
    found = []
    for name, field in now.fields.items():
        value = now.get_initial_for_field(field, name)
        sent = field.widget.value_from_datadict(form.data, form.files, form.add_prefix(name))
        if field.has_changed(value, sent) and not field.widget.is_hidden:
            found.append((str(field.label or name), shown_value(field, value)))
    return found


def shown_value(field: Any, value: Any) -> str:
    """A field's value as people read it; a dash for nothing."""
    names = _names(field)
    if isinstance(value, bool):
        return str(_("Yes") if value else _("No"))
    if isinstance(value, datetime):
        return date_format(timezone.localtime(value), "SHORT_DATETIME_FORMAT")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple | set | QuerySet):
        return ", ".join(names.get(str(each), str(each)) for each in value) or "–"
    text = "" if value is None else str(value)
    return names.get(text, text) if text else "–"


def _names(field: Any) -> dict[str, str]:
    """Code -> name of a field's choices, also where they stand in groups."""
    found: dict[str, str] = {}
    for code, name in getattr(field, "choices", ()):
        grouped = name if isinstance(name, list | tuple) else [(code, name)]
        found |= {str(each): str(text) for each, text in grouped}
    return found
