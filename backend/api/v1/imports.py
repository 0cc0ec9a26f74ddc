"""Imports by programs: places for organisations, and for people who coordinate a municipality class lists as well."""

import base64
import binascii
from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.api.files import FileView
from backend.api.schema import operation
from backend.api.serializers import Answer, MunicipalityCode, NoBody, PageQuery, StrictSerializer
from backend.api.v1.offer_shapes import MAX_ID
from backend.api.v1.shapes import Brief, render
from backend.api.views import ANY_TOKEN, ApiView
from backend.common.errors import Invalid, NotAllowed
from backend.exchange import services
from backend.exchange.enums import ImportKind, ImportState, RowOutcome
from backend.exchange.fields import BadMapping
from backend.exchange.kinds import IMPORTERS
from backend.exchange.models import ImportJob, ImportRow
from backend.exchange.selectors import left_out, list_imports_of, list_rows, rejected_table, shown_row
from backend.exchange.tables import CONTENT_TYPES, Column, TableFormat, write_table
from backend.tokens.enums import Scope

TAG = "Imports"
R, W = Scope.IMPORTS_READ, Scope.IMPORTS_WRITE
# What a request may hold; larger tables are uploaded on the page.
LONGEST_TABLE = 2_000_000
MOST_PROBLEMS = 100
MAPPING = "Field (see `imports/fields/`) to column, from 0; guessed from the headings when it is left out."


SKIP = "import the rows that are right and leave the others out; `rejected/` keeps them with their reasons."


class ImportAnswer(Answer):
    id = serializers.IntegerField(source="pk")
    kind = serializers.ChoiceField(ImportKind.values)
    state = serializers.ChoiceField(ImportState.values)
    organisation = Brief(allow_null=True)
    municipality = serializers.CharField(source="municipality_id", allow_null=True, help_text="Four digits.")
    file_name = serializers.CharField()
    rows = serializers.IntegerField(source="row_count")
    created = serializers.IntegerField(source="created_count")
    updated = serializers.IntegerField(source="updated_count")
    unchanged = serializers.IntegerField(source="unchanged_count")
    faulty = serializers.IntegerField(source="faulty_count")
    uploaded_at = serializers.DateTimeField(source="created_at")
    finished_at = serializers.DateTimeField(allow_null=True)


class ImportProblem(Answer):
    line = serializers.IntegerField(help_text="As a person counts, the headings are line 1; 0 for the whole file.")
    column = serializers.CharField()
    message = serializers.CharField(help_text="In the language of the person the import belongs to.")


class OneImportAnswer(ImportAnswer):
    mapping = serializers.DictField(child=serializers.IntegerField(), help_text="Field to column, from 0.")
    sheet = serializers.SerializerMethodField(help_text="The one that is read; empty for a text file.")
    heading_line = serializers.SerializerMethodField(help_text="As a person counts.")
    left_out = serializers.SerializerMethodField(
        help_text="Sentences about what else the file holds that is not imported."
    )
    headings = serializers.ListField(child=serializers.CharField())
    handled = serializers.SerializerMethodField(
        help_text="How many of the rows the worker has behind it, while the state is `checking` or `running`."
    )
    problems = serializers.SerializerMethodField(help_text="The first hundred; all of them in `rows/`.")

    def get_sheet(self, job: ImportJob) -> str:
        return str(job.options.get("sheet", ""))

    def get_heading_line(self, job: ImportJob) -> int:
        return int(job.options.get("heading_line") or 1)

    def get_left_out(self, job: ImportJob) -> list[str]:
        return left_out(job)

    def get_handled(self, job: ImportJob) -> int:
        work = getattr(job, "work", None)
        return work.handled if work else 0

    def get_problems(self, job: ImportJob) -> list[dict[str, Any]]:
        rows = [shown_row(job, row) for row in list_rows(job, only_faulty=True)[:MOST_PROBLEMS]]
        return [
            {"line": row.line, "column": each.column, "message": each.message} for row in rows for each in row.problems
        ]


class ImportInput(StrictSerializer):
    kind = serializers.ChoiceField(
        ImportKind.values,
        required=False,
        default=ImportKind.OFFERS,
        help_text="`class_list` names pupils: only for people who are logged in.",
    )
    organisation = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=MAX_ID, help_text="Whose places they are."
    )
    municipality = MunicipalityCode(
        required=False,
        default="",
        allow_blank=True,
        help_text="Instead of `organisation`: whose class list it is, or where the places of others are.",
    )
    file_name = serializers.CharField(max_length=120)
    file = serializers.CharField(max_length=LONGEST_TABLE, help_text="The CSV, .xlsx, .xls or .ods file in base64.")
    dry_run = serializers.BooleanField(
        required=False,
        default=True,
        help_text="Only check every row. `false`: import them at once when none is wrong, otherwise none.",
    )
    skip_faulty = serializers.BooleanField(required=False, default=False, help_text=f"With `dry_run: false`: {SKIP}")
    submit = serializers.BooleanField(required=False, default=False, help_text="Send the places in for review.")
    form = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=30, help_text="What the class looks for, a code."
    )
    sheet = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=100,
        help_text="The sheet of a workbook to read; without it the first one that is shown and has known headings.",
    )
    heading_line = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=MAX_ID,
        help_text="The line the headings stand on, where they are not recognised.",
    )
    mapping = serializers.DictField(
        child=serializers.IntegerField(min_value=0, max_value=99), required=False, help_text=MAPPING
    )


class MappingInput(StrictSerializer):
    mapping = serializers.DictField(
        child=serializers.IntegerField(min_value=0, max_value=99), required=False, help_text=MAPPING
    )


class RunInput(StrictSerializer):
    skip_faulty = serializers.BooleanField(required=False, default=False, help_text=f"Of a `faulty` table: {SKIP}")


class ImportView(ApiView):
    def own(self) -> Any:
        """The caller's imports; a token knows those of places, an organisation's only that organisation's."""
        rows = list_imports_of(self.person).select_related("work")
        if self.principal.token is not None:
            rows = rows.filter(kind=ImportKind.OFFERS)
        return rows.filter(**self.principal.only("organisation"))

    def shown(self, job_id: int) -> Response:
        return Response(OneImportAnswer(self.get_or_404(self.own(), job_id)).data)

    def begin(self, command: Callable[..., ImportJob], job: ImportJob, mapping: dict[str, int] | None) -> None:
        try:
            command(actor=self.person, job_id=job.pk, mapping=job.mapping if mapping is None else mapping)
        except BadMapping as error:
            wrong = {name: [serializers.ErrorDetail(str(text), error.code)] for name, text in error.problems}
            raise serializers.ValidationError({"mapping": wrong}) from error

    def act(self, command: Callable[..., ImportJob], job_id: int) -> Response:
        self.parse(NoBody)
        self.get_or_404(self.own(), job_id)
        command(actor=self.person, job_id=job_id)
        return self.shown(job_id)


class Imports(ImportView):
    scopes = {"GET": R, "POST": W}

    @operation("imports_list", "Imports", tag=TAG, query=PageQuery, answer=ImportAnswer, page=True)
    def get(self, request: Request) -> Response:
        """Those of your organisations and of the municipalities you coordinate, newest first."""
        return self.page(self.own(), ("-pk",), self.query(PageQuery), lambda found: render(ImportAnswer, found))

    @operation("imports_create", "Upload a table", tag=TAG, body=ImportInput, answer=OneImportAnswer, status=201)
    def post(self, request: Request) -> Response:
        """A worker checks every row as if it were imported. Read `state` until it is `ready`, `done` or `faulty`."""
        data = self.parse(ImportInput)
        self.require_owner(data)
        job = services.upload_import(
            actor=self.person,
            kind=data["kind"],
            content=_decoded(data["file"]),
            file_name=data["file_name"],
            organisation_id=data.get("organisation"),
            municipality_code=data["municipality"],
            options={name: data.get(name) for name in ("submit", "form", "sheet", "heading_line")},
        )
        at_once = partial(services.import_at_once, skip_faulty=data["skip_faulty"])
        self.begin(services.check_import if data["dry_run"] else at_once, job, data.get("mapping"))
        return self.created(OneImportAnswer(self.get_or_404(self.own(), job.pk)).data, "import", job.pk)

    def require_owner(self, data: dict[str, Any]) -> None:
        organisation, municipality = data.get("organisation"), data["municipality"]
        if (organisation is None) == (not municipality):
            raise Invalid("import.one_owner", _("Choose an organisation or a municipality."), field="organisation")
        if self.principal.token is None:
            return
        if data["kind"] != ImportKind.OFFERS:
            raise NotAllowed("token.cannot_decide", _("This is done by a person who is logged in, not by a token."))
        self.principal.require_own(organisation or 0)


def _decoded(table: str) -> bytes:
    try:
        return base64.b64decode(table, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid("import.not_base64", _("Send the file in base64."), field="file") from error


class OneImport(ImportView):
    scopes = {"GET": R}

    @operation("imports_read", "One import", tag=TAG, answer=OneImportAnswer)
    def get(self, request: Request, job_id: int) -> Response:
        """How far it has come, and which rows stand in the way."""
        return self.shown(job_id)


class CheckImport(ImportView):
    scopes = {"POST": W}

    @operation("imports_check", "Check again", tag=TAG, body=MappingInput, answer=OneImportAnswer)
    def post(self, request: Request, job_id: int) -> Response:
        """With other columns, or after something else has been mended."""
        mapping = self.parse(MappingInput).get("mapping")
        self.begin(services.check_import, self.get_or_404(self.own(), job_id), mapping)
        return self.shown(job_id)


class RunImport(ImportView):
    scopes = {"POST": W}

    @operation("imports_run", "Import a checked table", tag=TAG, body=RunInput, answer=OneImportAnswer)
    def post(self, request: Request, job_id: int) -> Response:
        """Every row or none, or the right ones alone; a worker does it. Asking twice asks once."""
        skip_faulty = self.parse(RunInput)["skip_faulty"]
        self.get_or_404(self.own(), job_id)
        services.run_import(actor=self.person, job_id=job_id, skip_faulty=skip_faulty)
        return self.shown(job_id)


class UndoImport(ImportView):
    scopes = {"POST": W}

    @operation("imports_undo", "Undo an import", tag=TAG, body=NoBody, answer=OneImportAnswer)
    def post(self, request: Request, job_id: int) -> Response:
        """Takes away what it made, while nobody has done anything with it."""
        return self.act(services.undo_import, job_id)


class DiscardImport(ImportView):
    scopes = {"POST": W}

    @operation("imports_discard", "Throw a table away", tag=TAG, body=NoBody, answer=OneImportAnswer)
    def post(self, request: Request, job_id: int) -> Response:
        """A file that has not been imported, with everything that was read from it."""
        return self.act(services.discard_import, job_id)


# --- rows ------------------------------------------------------------------------------------------------------------


class RowProblem(Answer):
    column = serializers.CharField(help_text="The heading in the file, or the name of the field.")
    value = serializers.CharField()
    message = serializers.CharField(help_text="In the language of the person the import belongs to.")


class RowAnswer(Answer):
    line = serializers.IntegerField(help_text="As a person counts, the headings are line 1; 0 for the whole file.")
    outcome = serializers.ChoiceField(RowOutcome.values)
    cells = serializers.ListField(child=serializers.CharField())
    problems = RowProblem(many=True)


class RowQuery(PageQuery):
    outcome = serializers.ChoiceField(RowOutcome.values, required=False)


class ImportRows(ImportView):
    scopes = {"GET": R}

    @operation("imports_rows", "What became of each row", tag=TAG, query=RowQuery, answer=RowAnswer, page=True)
    def get(self, request: Request, job_id: int) -> Response:
        """Of the last check or run, in the order of the file. Kept for 30 days."""
        job, asked = self.get_or_404(self.own(), job_id), self.query(RowQuery)
        rows = list_rows(job)
        if "outcome" in asked:
            rows = rows.filter(outcome=asked["outcome"])

        def shown(found: list[ImportRow]) -> list[Any]:
            return [
                RowAnswer(
                    {
                        "line": row.line,
                        "outcome": row.outcome,
                        "cells": row.cells,
                        "problems": shown_row(job, row).problems,
                    }
                ).data
                for row in found
            ]

        return self.page(rows, ("line", "pk"), asked, shown)


class RejectedQuery(StrictSerializer):
    format = serializers.ChoiceField(TableFormat.values, required=False, default=TableFormat.CSV)


class RejectedRows(FileView, ImportView):
    scopes = {"GET": R}

    @operation(
        "imports_rejected",
        "The rejected rows as a file",
        tag=TAG,
        query=RejectedQuery,
        files=tuple(CONTENT_TYPES.values()),
    )
    def get(self, request: Request, job_id: int) -> HttpResponse:
        """As they came, with line and reason in two more columns: correct it and upload it again."""
        table_format = TableFormat(self.query(RejectedQuery)["format"])
        job = self.get_or_404(self.own(), job_id)
        headings, rows = rejected_table(job)
        columns: list[Column[list[Any]]] = [
            Column(heading, lambda row, number=number: row[number])  # type: ignore[misc]
            for number, heading in enumerate(headings)
        ]
        return self.file(request, write_table(table_format, columns, rows), table_format, f"import-{job.pk}")


# --- what a table may hold -------------------------------------------------------------------------------------------


class FieldsQuery(StrictSerializer):
    kind = serializers.ChoiceField(ImportKind.values, required=False, default=ImportKind.OFFERS)


class FieldAnswer(Answer):
    name = serializers.CharField(help_text="For `mapping`.")
    heading = serializers.CharField(source="label", help_text="Is recognised as such.")
    is_required = serializers.BooleanField(source="required")
    help = serializers.CharField()
    example = serializers.CharField()


class Fields(ApiView):
    scopes = {"GET": ANY_TOKEN}

    @operation("imports_fields", "Columns of a table", tag=TAG, query=FieldsQuery, answer=FieldAnswer, page=True)
    def get(self, request: Request) -> Response:
        """What each kind of table may hold. One page; `next` is always null."""
        fields = IMPORTERS[self.query(FieldsQuery)["kind"]].fields
        return self.page_response([FieldAnswer(each).data for each in fields], "")
