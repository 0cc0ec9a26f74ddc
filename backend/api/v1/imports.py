"""Imports of places by programs. Class lists name pupils and are imported by a person on the page."""

import base64
import binascii
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.api.schema import operation
from backend.api.serializers import Answer, NoBody, PageQuery, StrictSerializer
from backend.api.v1.offer_shapes import MAX_ID
from backend.api.v1.shapes import Brief, render
from backend.api.views import ApiView
from backend.common.errors import Invalid
from backend.exchange import services
from backend.exchange.enums import ImportKind, ImportState
from backend.exchange.fields import BadMapping
from backend.exchange.models import ImportJob
from backend.exchange.selectors import list_imports_of, list_rows, shown_row
from backend.tokens.enums import Scope

TAG = "Imports"
R, W = Scope.IMPORTS_READ, Scope.IMPORTS_WRITE
# What a request may hold; larger tables are uploaded on the page.
LONGEST_TABLE = 2_000_000
MOST_PROBLEMS = 100


class ImportAnswer(Answer):
    id = serializers.IntegerField(source="pk")
    state = serializers.ChoiceField(ImportState.values)
    organisation = Brief()
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
    problems = serializers.SerializerMethodField(help_text="The first hundred.")

    def get_problems(self, job: ImportJob) -> list[dict[str, Any]]:
        rows = [shown_row(job, row) for row in list_rows(job, only_faulty=True)[:MOST_PROBLEMS]]
        return [
            {"line": row.line, "column": each.column, "message": each.message} for row in rows for each in row.problems
        ]


class ImportInput(StrictSerializer):
    organisation = serializers.IntegerField(min_value=1, max_value=MAX_ID)
    file_name = serializers.CharField(max_length=120)
    table = serializers.CharField(max_length=LONGEST_TABLE, help_text="The CSV or XLSX file in base64.")
    submit = serializers.BooleanField(required=False, default=False, help_text="Send the places in for review.")
    mapping = serializers.DictField(
        child=serializers.IntegerField(min_value=0, max_value=99),
        required=False,
        help_text="Field to column, from 0; guessed from the headings when it is left out.",
    )


class ImportView(ApiView):
    def own(self) -> Any:
        """The caller's imports of places; an organisation's token knows only that organisation's."""
        rows = list_imports_of(self.person, kind=ImportKind.OFFERS)
        return rows.filter(**self.principal.only("organisation"))

    def shown(self, job_id: int, *, status: int = 200) -> Response:
        return Response(OneImportAnswer(self.get_or_404(self.own(), job_id)).data, status=status)


class Imports(ImportView):
    scopes = {"GET": R, "POST": W}

    @operation("imports_list", "Imports", tag=TAG, query=PageQuery, answer=ImportAnswer, page=True)
    def get(self, request: Request) -> Response:
        """Imports of places of your organisations, newest first."""
        return self.page(self.own(), ("-pk",), self.query(PageQuery), lambda found: render(ImportAnswer, found))

    @operation(
        "imports_create", "Upload and check a table", tag=TAG, body=ImportInput, answer=OneImportAnswer, status=201
    )
    def post(self, request: Request) -> Response:
        """Every row is checked as if it were imported; nothing is. Read `state` until it is `ready` or `faulty`."""
        data = self.parse(ImportInput)
        self.principal.require_own(data["organisation"])
        job = services.upload_import(
            actor=self.person,
            kind=ImportKind.OFFERS,
            content=_decoded(data["table"]),
            file_name=data["file_name"],
            organisation_id=data["organisation"],
            options={"submit": data["submit"]},
        )
        try:
            services.check_import(actor=self.person, job_id=job.pk, mapping=data.get("mapping", job.mapping))
        except BadMapping as error:
            wrong = {name: [serializers.ErrorDetail(str(text), error.code)] for name, text in error.problems}
            raise serializers.ValidationError({"mapping": wrong}) from error
        return self.created(OneImportAnswer(self.get_or_404(self.own(), job.pk)).data, "import", job.pk)


def _decoded(table: str) -> bytes:
    try:
        return base64.b64decode(table, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid("import.not_base64", _("Send the file in base64."), field="table") from error


class OneImport(ImportView):
    scopes = {"GET": R}

    @operation("imports_read", "One import", tag=TAG, answer=OneImportAnswer)
    def get(self, request: Request, job_id: int) -> Response:
        """How far it has come, and which rows stand in the way."""
        return self.shown(job_id)


class RunImport(ImportView):
    scopes = {"POST": W}

    @operation("imports_run", "Import a checked table", tag=TAG, body=NoBody, answer=OneImportAnswer)
    def post(self, request: Request, job_id: int) -> Response:
        """Every row or none; a worker does it. Asking twice asks once."""
        self.parse(NoBody)
        self.get_or_404(self.own(), job_id)
        services.run_import(actor=self.person, job_id=job_id)
        return self.shown(job_id)


class UndoImport(ImportView):
    scopes = {"POST": W}

    @operation("imports_undo", "Undo an import", tag=TAG, body=NoBody, answer=OneImportAnswer)
    def post(self, request: Request, job_id: int) -> Response:
        """Takes away what it made, while nobody has done anything with it."""
        self.parse(NoBody)
        self.get_or_404(self.own(), job_id)
        services.undo_import(actor=self.person, job_id=job_id)
        return self.shown(job_id)
