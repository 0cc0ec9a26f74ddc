"""Lists as files for programs: a job, and the file a worker makes of it. What a list holds is the page's definition."""

from typing import Any

from django.http import HttpResponse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from backend.api.schema import operation
from backend.api.serializers import Answer, PageQuery, StrictSerializer
from backend.api.v1.shapes import render
from backend.api.views import ApiView
from backend.common.errors import NotAllowed
from backend.exchange.exports import services
from backend.exchange.exports.lists import EXPORTS, ListExport
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
        child=serializers.CharField(max_length=40),
        required=False,
        help_text="As on the list's page: `state` for `our-places`, `show` = `ended` for `coordinated-placements`.",
    )


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


class _AsItIs(BaseContentNegotiation):
    """The file has one format, chosen when it was wished for; refusals are JSON as everywhere."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class ExportedFile(ExportView):
    scopes = {"GET": R}
    content_negotiation_class = _AsItIs

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
        table_format = TableFormat(job.table_format)
        response = HttpResponse(services.file_of(job), content_type=CONTENT_TYPES[table_format])
        name = f"{EXPORTS[job.name].file_name}.{table_format}"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        patch_cache_control(response, no_store=True, private=True)
        return response
