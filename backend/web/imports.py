"""Imports step by step: upload, confirm the columns, read what would happen, import, undo. Every step can be left."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backend.accounts.policies import municipalities_coordinated_by
from backend.common.errors import DomainError, Invalid, NotFound
from backend.exchange import services
from backend.exchange.enums import WORKING, ImportKind, ImportState, RowOutcome
from backend.exchange.fields import BadMapping, ImportField
from backend.exchange.kinds import IMPORTERS, read_table
from backend.exchange.models import ImportJob
from backend.exchange.reading import MAX_BYTES
from backend.exchange.selectors import (
    get_import,
    left_out,
    list_imports_of,
    list_rows,
    missing_pupils,
    questions_of,
    rejected_table,
    repeated_problems,
    shown_row,
)
from backend.exchange.tables import Column
from backend.exchange.undo import names_of, used_rows
from backend.organisations.selectors import list_organisations_of
from backend.reference.models import Municipality, PlacementForm
from backend.web.access import coordinator, employer, employer_or_coordinator
from backend.web.cursors import page_of
from backend.web.employer import person
from backend.web.exports import table_response
from backend.web.form_errors import add_domain_error
from backend.web.numbers import number_in

ANSWER = "answer-"
MAX_HEADING_LINE = 1_000_000
ROWS_SHOWN = 25
FAULTY_SHOWN = 50
STATE_COLORS = {
    ImportState.READY: "info",
    ImportState.FAULTY: "danger",
    ImportState.DONE: "success",
    ImportState.CHECKING: "warning",
    ImportState.RUNNING: "warning",
}


class UploadForm(forms.Form):
    """The file, whose it is, and what to do with its rows."""

    owner = forms.ChoiceField(label=gettext_lazy("For"))
    file = forms.FileField(
        label=gettext_lazy("Table"),
        help_text=gettext_lazy("Excel (.xlsx or .xls), LibreOffice (.ods) or CSV, at most 5 MB and 10,000 rows."),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.ods,.csv,.txt"}),
    )

    def __init__(self, *args: Any, owners: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].choices = owners  # type: ignore[attr-defined]
        self.fields["owner"].initial = owners[0][0]

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(_("The file is larger than 5 MB. Divide it into several."))
        return file


class OfferUploadForm(UploadForm):
    submit = forms.BooleanField(
        label=gettext_lazy("Send the places in for review at once"),
        required=False,
        help_text=gettext_lazy("Otherwise they are drafts that you send in one by one."),
    )


def _forms() -> list[tuple[str, str]]:
    return [(form.pk, form.name) for form in PlacementForm.objects.order_by("position")]


class ClassUploadForm(UploadForm):
    form = forms.ChoiceField(
        label=gettext_lazy("What the class looks for"),
        choices=_forms,
        initial="prao",
        help_text=gettext_lazy("Used for rows that do not say it themselves."),
    )


@employer
@require_http_methods(["GET", "HEAD", "POST"])
def employer_imports(request: HttpRequest) -> HttpResponse:
    """Own places from a table."""
    owners = [(str(each.pk), each.name) for each in list_organisations_of(person(request))]
    return _upload_page(request, ImportKind.OFFERS, OfferUploadForm, owners, "organisation_id")


@coordinator
@require_http_methods(["GET", "HEAD", "POST"])
def coordinator_imports(request: HttpRequest) -> HttpResponse:
    """Class lists of the own municipality."""
    return _upload_page(request, ImportKind.CLASS_LIST, ClassUploadForm, _municipalities(request), "municipality_code")


@coordinator
@require_http_methods(["GET", "HEAD", "POST"])
def coordinator_offer_imports(request: HttpRequest) -> HttpResponse:
    """Places at workplaces of the own municipality, on behalf of their organisations."""
    return _upload_page(request, ImportKind.OFFERS, UploadForm, _municipalities(request), "municipality_code")


def _municipalities(request: HttpRequest) -> list[tuple[str, str]]:
    codes = municipalities_coordinated_by(person(request))
    return [(each.pk, each.name) for each in Municipality.objects.filter(pk__in=codes)]


def _upload_page(
    request: HttpRequest,
    kind: ImportKind,
    form_class: type[UploadForm],
    owners: list[tuple[str, str]],
    owner_argument: str,
) -> HttpResponse:
    user = person(request)
    form = form_class(request.POST or None, request.FILES or None, owners=owners)
    if request.method == "POST" and form.is_valid():
        file, owner = form.cleaned_data["file"], form.cleaned_data["owner"]
        whose: dict[str, Any] = {owner_argument: int(owner) if owner_argument == "organisation_id" else owner}
        try:
            uploaded = services.upload_import(
                actor=user,
                kind=kind,
                content=file.read(),
                file_name=file.name,
                options={name: form.cleaned_data.get(name) for name in ("submit", "form")},
                **whose,
            )
        except DomainError as error:
            add_domain_error(form, error)
        else:
            return redirect("import", uploaded.pk)
    on_behalf = owner_argument == "municipality_code"
    imports = list_imports_of(user, kind=kind).filter(municipality__isnull=not on_behalf)
    page = page_of(imports, ("-pk",), request.GET.get("after", ""))
    context = {
        "form": form,
        "kind": kind,
        "on_behalf": on_behalf,
        "several": len(owners) > 1,
        "fields": IMPORTERS[kind].fields,
        "rows": [_list_row(each) for each in page.rows],
        "next_cursor": page.next_cursor,
    }
    return render(request, "pages/exchange/imports.html", context, status=400 if form.errors else 200)


def _list_row(each: ImportJob) -> dict[str, Any]:
    return {
        "job": each,
        "state": each.get_state_display(),
        "color": STATE_COLORS.get(ImportState(each.state), "neutral"),
        "rows": ngettext("%(number)d row", "%(number)d rows", each.row_count) % {"number": each.row_count},
    }


def _own(request: HttpRequest, job_id: int) -> ImportJob:
    found = get_import(person(request), job_id)
    if found is None:
        raise Http404
    return found


def _home(found: ImportJob) -> str:
    if found.kind == ImportKind.CLASS_LIST:
        return reverse("coordinator_imports")
    return reverse("coordinator_offer_imports" if found.municipality_id else "employer_imports")


def _outcome_url(found: ImportJob) -> str:
    """Where what was imported stands: the class when the file held one."""
    if found.kind == ImportKind.OFFERS:
        return reverse("coordinator_offers" if found.municipality_id else "employer_offers")
    column = f"cells__{found.mapping['class_name']}"
    classes = (
        list_rows(found).exclude(outcome=RowOutcome.FAULTY).order_by().values_list(column, flat=True).distinct()[:2]
    )
    query = urlencode({"class": classes[0]}) if len(classes) == 1 else ""
    return reverse("coordinator_students") + (f"?{query}" if query else "")


@employer_or_coordinator
@require_safe
def job(request: HttpRequest, job_id: int) -> HttpResponse:
    """Where an import stands and what can be done next."""
    found = _own(request, job_id)
    return _job_page(request, found, MappingForm(job=found) if found.state == ImportState.UPLOADED else None)


class MappingForm(forms.Form):
    """For each field the column it stands in."""

    def __init__(self, *args: Any, job: ImportJob, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.job = job
        columns = [("", _("Not in the file")), *((str(n), text or "–") for n, text in enumerate(job.headings))]
        for each in IMPORTERS[job.kind].fields:
            self.fields[each.name] = forms.ChoiceField(
                label=str(each.label),
                choices=columns,
                required=False,
                initial=str(job.mapping[each.name]) if each.name in job.mapping else "",
                help_text=str(each.help),
            )

    def mapping(self) -> dict[str, int]:
        return {name: int(value) for name, value in self.cleaned_data.items() if value}


class TableForm(forms.Form):
    """Which sheet, and which line of it holds the headings."""

    sheet = forms.ChoiceField(label=gettext_lazy("Sheet"), required=False)
    heading_line = forms.IntegerField(
        label=gettext_lazy("The headings are on line"), required=False, min_value=1, max_value=MAX_HEADING_LINE
    )

    def __init__(self, *args: Any, job: ImportJob, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        present = job.options.get("sheet", "")
        names = [present, *job.options.get("other_sheets", []), *job.options.get("hidden_sheets", [])]
        self.fields["sheet"].choices = [(name, name) for name in names if name]  # type: ignore[attr-defined]
        self.fields["sheet"].initial = present
        self.fields["heading_line"].initial = job.options.get("heading_line")
        if len(names) == 1:
            del self.fields["sheet"]


def _mapping_rows(form: MappingForm) -> list[dict[str, Any]]:
    """Each field with the first values of the column it is read from."""
    job = form.job
    rows = read_table(job.kind, bytes(job.file.content), job.options).rows[:3] if hasattr(job, "file") else []
    fields: dict[str, ImportField] = {each.name: each for each in IMPORTERS[form.job.kind].fields}
    found = []
    for bound in form:
        value = bound.value()
        column = number_in(str(value))
        values = dict.fromkeys(row.cells[column][:40] for row in rows if column is not None and column < len(row.cells))
        found.append(
            {
                "field": bound,
                "required": fields[bound.name].required,
                # What the file has, must have, or is asked about stands first; the rest is behind a line.
                "is_shown": column is not None or fields[bound.name].required or bool(bound.errors),
                "sample": ", ".join(filter(None, values)),
                "example": fields[bound.name].example,
            }
        )
    return found


def _job_page(
    request: HttpRequest, found: ImportJob, form: MappingForm | None, table_form: TableForm | None = None
) -> HttpResponse:
    page = page_of(list_rows(found, only_faulty=True), ("line",), request.GET.get("after", ""), size=FAULTY_SHOWN)
    has_faulty = found.state == ImportState.FAULTY or (found.state == ImportState.DONE and found.faulty_count > 0)
    shown = list_rows(found)[:ROWS_SHOWN] if found.state in {ImportState.READY, ImportState.DONE} else []
    columns = [number for number in range(len(found.headings)) if number in found.mapping.values()][:6]
    work = getattr(found, "work", None)
    mapping = _mapping_rows(form) if form else []
    context = {
        "job": found,
        "home": _home(found),
        "outcome_url": _outcome_url(found) if found.state == ImportState.DONE else "",
        "form": form,
        "mapping_rows": [row for row in mapping if row["is_shown"]],
        "not_in_file": [row for row in mapping if not row["is_shown"]],
        "table_form": (table_form or TableForm(job=found)) if form else None,
        "left_out": left_out(found),
        "questions": questions_of(found, person(request)) if found.state == ImportState.FAULTY else [],
        "missing": missing_pupils(found, person(request)) if found.state == ImportState.READY else [],
        "used": _used(found),
        "is_working": found.state in WORKING,
        "handled": work.handled if work else 0,
        "faulty": [shown_row(found, row) for row in page.rows] if has_faulty else [],
        "repeated": repeated_problems(found) if has_faulty else [],
        "list_kind": "offers" if found.kind == ImportKind.OFFERS else "class-list",
        "next_cursor": page.next_cursor,
        "headings": [found.headings[number] for number in columns],
        "preview": [
            {
                "line": row.line,
                "outcome": row.get_outcome_display(),
                "cells": [(found.headings[n], row.cells[n]) for n in columns],
            }
            for row in shown
        ],
        "figures": [
            {"value": found.created_count, "label": _("new"), "kind": "a", "mark": False},
            {"value": found.updated_count, "label": _("changed"), "kind": "b", "mark": False},
            {"value": found.unchanged_count, "label": _("unchanged"), "kind": "", "mark": False},
        ],
        "color": STATE_COLORS.get(ImportState(found.state), "neutral"),
    }
    is_wrong = any(each is not None and each.errors for each in (form, table_form))
    return render(request, "pages/exchange/import.html", context, status=400 if is_wrong else 200)


def _used(found: ImportJob) -> list[str]:
    """Names of those whom an undo of the class list leaves, because somebody has used them."""
    if found.kind != ImportKind.CLASS_LIST or found.state != ImportState.DONE:
        return []
    return names_of(used_rows(found), found.mapping)


@employer_or_coordinator
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, job_id: int) -> HttpResponse:
    """GET shows the columns again, POST has the rows checked, or another sheet or heading line read."""
    found = _own(request, job_id)
    if request.method == "POST" and "read_again" in request.POST:
        return _read_again(request, found)
    if request.method == "POST" and "answers" in request.POST:
        return _answer(request, found)
    form = MappingForm(request.POST if request.method == "POST" else None, job=found)
    if request.method == "POST" and form.is_valid():
        try:
            services.check_import(actor=person(request), job_id=found.pk, mapping=form.mapping())
        except BadMapping as error:
            for name, message in error.problems:
                form.add_error(name, str(message))
        except Invalid as error:
            add_domain_error(form, error)
        else:
            return redirect("import", found.pk)
    elif request.method != "POST" and found.state not in {
        ImportState.UPLOADED,
        ImportState.READY,
        ImportState.FAULTY,
    }:
        return redirect("import", found.pk)
    return _job_page(request, found, form)


def _read_again(request: HttpRequest, found: ImportJob) -> HttpResponse:
    table_form = TableForm(request.POST, job=found)
    if table_form.is_valid():
        line = table_form.cleaned_data["heading_line"]
        sheet = table_form.cleaned_data.get("sheet") or found.options.get("sheet", "")
        # Another sheet has its headings somewhere else, unless the person says where.
        is_same_line = line == found.options.get("heading_line") and sheet != found.options.get("sheet", "")
        try:
            services.choose_table(
                actor=person(request), job_id=found.pk, sheet=sheet, heading_line=None if is_same_line else line
            )
        except DomainError as error:
            add_domain_error(table_form, error)
        else:
            return redirect("import_check", found.pk)
    return _job_page(request, found, MappingForm(job=found), table_form)


def _answer(request: HttpRequest, found: ImportJob) -> HttpResponse:
    """Which rows are about a student who is there already; then all rows are checked again."""
    answers = {
        line: value
        for name, value in request.POST.items()
        if name.startswith(ANSWER) and (line := number_in(name.removeprefix(ANSWER))) is not None
    }
    try:
        services.check_import(
            actor=person(request),
            job_id=found.pk,
            mapping=found.mapping,
            answers={n: str(v) for n, v in answers.items()},
        )
    except DomainError as error:
        messages.error(request, str(error.message))
    return redirect("import", found.pk)


def _command(
    command: Callable[..., ImportJob], done: Any, said: Callable[[QueryDict], dict[str, Any]] = lambda post: {}
) -> Callable[..., HttpResponse]:
    """said: what else the form says, as arguments of the command."""

    @employer_or_coordinator
    @require_POST
    def view(request: HttpRequest, job_id: int) -> HttpResponse:
        found = _own(request, job_id)
        try:
            command(actor=person(request), job_id=found.pk, **said(request.POST))
        except NotFound:
            raise
        except DomainError as error:
            messages.error(request, str(error.message))
        else:
            if done:
                messages.success(request, str(done))
        return redirect("import", found.pk)

    return view


def _ids(values: list[str]) -> list[int]:
    return [number for value in values if (number := number_in(value)) is not None]


run = _command(
    services.run_import,
    "",
    lambda post: {"left": _ids(post.getlist("left")), "skip_faulty": "skip_faulty" in post},
)
undo = _command(
    services.undo_import,
    gettext_lazy("The import is undone. What it made is taken away again."),
    lambda post: {"only_unused": "only_unused" in post},
)
discard = _command(services.discard_import, gettext_lazy("The file and what was read from it are deleted."))


@employer_or_coordinator
@require_safe
def rejected(request: HttpRequest, job_id: int, kind: str) -> HttpResponse:
    """The rows to correct, as they came, with their reasons."""
    found = _own(request, job_id)
    headings, rows = rejected_table(found)
    return table_response(request, kind, name=f"import-{found.pk}", columns=_columns(headings), rows=rows)


def _columns(headings: list[str]) -> list[Column[list[Any]]]:
    return [
        Column(heading, lambda row, number=number: row[number])  # type: ignore[misc]
        for number, heading in enumerate(headings)
    ]


@employer_or_coordinator
@require_safe
def template(request: HttpRequest, import_kind: str, kind: str) -> HttpResponse:
    """An example to fill in; with `?lists=1` the codes and names that its cells may hold."""
    importer = IMPORTERS.get(import_kind.replace("-", "_"))
    if importer is None:
        raise Http404
    if request.GET.get("lists") == "1":
        rows = [list(each) for each in importer.known_values()]
        headings = [_("List"), _("Code"), _("Name")]
        return table_response(request, kind, name=f"{import_kind}-lists", columns=_columns(headings), rows=rows)
    headings = [str(each.label) for each in importer.fields]
    example = [each.example for each in importer.fields]
    return table_response(request, kind, name=import_kind, columns=_columns(headings), rows=[example])
