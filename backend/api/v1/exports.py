"""Lists as files for programs: a job, and the file a worker makes of it. What a list holds is the page's definition."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from backend.api.files import FileView
from backend.api.schema import operation
from backend.api.serializers import Answer, PageQuery, StrictSerializer
from backend.api.v1.shapes import render
from backend.api.views import ApiView
from backend.common.errors import NotAllowed
from backend.exchange.exports import services
from backend.exchange.exports.definition import LONGEST_VALUE, ListExport
from backend.exchange.exports.registry import EXPORTS
from backend.exchange.models import ExportJob
from backend.exchange.tables import CONTENT_TYPES, TableFormat
from backend.tokens.enums import Scope

TAG = "Exports"
R = Scope.EXPORTS_READ
STANDINGS = ("waiting", "done", "failed", "expired")


class ExportAnswer(Answer):
    id = serializers.IntegerField(source="pk")
    list = serializers.CharField(source="name")
    format = serializers.ChoiceField(TableFormat.values, source="table_format")
    filters = serializers.DictField(child=serializers.CharField())
    state = serializers.ChoiceField(
        STANDINGS, source="standing", help_text="`expired`: the file is not kept any more; export the list again."
    )
    rows = serializers.IntegerField(source="row_count", allow_null=True, help_text="Known when it is `done`.")
    file = serializers.SerializerMethodField(help_text="Where the file is fetched; null unless it is `done`.")
    requested_at = serializers.DateTimeField(source="created_at")
    expires_at = serializers.DateTimeField(help_text="Then the export and its file are deleted.")

    def get_file(self, job: ExportJob) -> str | None:
        return reverse("api:export_file", args=[job.pk]) if job.standing == "done" else None


class ExportInput(StrictSerializer):
    list = serializers.ChoiceField(list(EXPORTS))
    format = serializers.ChoiceField(TableFormat.values)
    filters = serializers.DictField(
        child=serializers.CharField(max_length=LONGEST_VALUE),
        required=False,
        help_text="Those of the list, see `exports/lists/`. Several values of one filter have commas between them.",
    )


class FilterAnswer(Answer):
    name = serializers.CharField()
    is_needed = serializers.BooleanField(help_text="There is no list without it: the id of the row whose list it is.")
    is_multiple = serializers.BooleanField(help_text="Takes several values with commas between.")


class ListAnswer(Answer):
    list = serializers.CharField(source="name")
    scope = serializers.CharField(
        allow_null=True, help_text="What a token needs besides `exports:read`. Null: people who are logged in only."
    )
    filters = FilterAnswer(many=True)


class ExportView(ApiView):
    def own(self) -> Any:
        """The caller's own exports; a token knows those of lists that its scopes open."""
        rows = (
            services.list_exports_of(self.person).select_related("actor").filter(**self.principal.only("organisation"))
        )
        if self.principal.token is None:
            return rows
        return rows.filter(name__in=[name for name, export in EXPORTS.items() if self.is_open(export)])

    def is_open(self, export: ListExport[Any]) -> bool:
        return self.principal.token is None or (export.scope is not None and self.principal.has(export.scope))


class Lists(ExportView):
    scopes = {"GET": R}

    @operation("exports_lists", "Lists that can be exported", tag=TAG, answer=ListAnswer, page=True)
    def get(self, request: Request) -> Response:
        """Those that are open to you, and to the token. One page; `next` is always null."""
        self.query(StrictSerializer)
        return self.page_response([self.describe(export) for export in EXPORTS.values() if self.may(export)], "")

    def may(self, export: ListExport[Any]) -> bool:
        return self.is_open(export) and services.may_export(export, self.person, self.principal.organisation_id)

    def describe(self, export: ListExport[Any]) -> Any:
        filters = [
            {"name": name, "is_needed": each.is_needed, "is_multiple": each.many}
            for name, each in export.filters.items()
        ]
        scope = export.scope.value if export.scope else None
        return ListAnswer({"name": export.name, "scope": scope, "filters": filters}).data


class Exports(ExportView):
    scopes = {"GET": R, "POST": R}

    @operation("exports_list", "Exports", tag=TAG, query=PageQuery, answer=ExportAnswer, page=True)
    def get(self, request: Request) -> Response:
        """Your exports of the last day, newest first."""
        return self.page(self.own(), ("-pk",), self.query(PageQuery), lambda found: render(ExportAnswer, found))

    @operation("exports_create", "Export a list", tag=TAG, body=ExportInput, answer=ExportAnswer, status=201)
    def post(self, request: Request) -> Response:
        """A worker makes the file. Read `state` until it is `done`. A token needs the scope of the list as well."""
        data = self.parse(ExportInput)
        export = EXPORTS[data["list"]]
        if not self.is_open(export):
            scope = {"scope": export.scope.value} if export.scope else {}
            raise NotAllowed("token.scope_missing", _("The token was not made for this."), data=scope)
        job = services.request_export(
            actor=self.person,
            name=export.name,
            table_format=data["format"],
            filters=data.get("filters"),
            organisation_id=self.principal.organisation_id,
        )
        return self.created(ExportAnswer(job).data, "export", job.pk)


class OneExport(ExportView):
    scopes = {"GET": R}

    @operation("exports_read", "One export", tag=TAG, answer=ExportAnswer)
    def get(self, request: Request, export_id: int) -> Response:
        """Whether the file is ready, and where it is."""
        return Response(ExportAnswer(self.get_or_404(self.own(), export_id)).data)


class ExportedFile(FileView, ExportView):
    scopes = {"GET": R}

    @operation(
        "exports_file",
        "The file of an export",
        tag=TAG,
        also=(409,),
        files=("text/csv", CONTENT_TYPES[TableFormat.XLSX]),
    )
    def get(self, request: Request, export_id: int) -> HttpResponse:
        """The list as a CSV or XLSX file; 409 `export.not_ready` until it is made."""
        job = self.get_or_404(self.own(), export_id)
        return self.file(
            request, services.file_of(job), TableFormat(job.table_format), EXPORTS[job.name].called(job.filters)
        )
