"""Every list as a file: what a list exports is data (`TableExport`), and two addresses, .csv and .xlsx, serve it.

The rows come from the selector of the list's page, so a file never holds a row that the page would not show.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from backend.accounts.models import User
from backend.applications.board import record_export
from backend.exchange.exports.lists import ListExport
from backend.exchange.tables import CONTENT_TYPES, Column, TableFormat, write_table

Row = TypeVar("Row")
View = Callable[..., HttpResponse]
FEWEST_SHOWN = 5


@dataclass(frozen=True)
class TableExport(Generic[Row]):
    """name: of the file, without ending. rows(request, **ids from the address): as on the page, with its filters.

    is_personal: other people stand in it, so that taking it is logged with the number of rows.
    """

    name: str
    columns: Sequence[Column[Row]]
    rows: Callable[..., Iterable[Row]]
    is_personal: bool = True


def as_table(export: ListExport[Row]) -> TableExport[Row]:
    """The list for its page: the person who looks, the filters of the address, every organisation of theirs."""

    def rows(request: HttpRequest) -> Iterable[Row]:
        assert isinstance(request.user, User)
        return export.rows(request.user, request.GET.dict(), None)

    return TableExport(export.file_name, export.columns, rows, is_personal=export.is_personal)


def table_response(
    request: HttpRequest, kind: str, *, name: str, columns: Sequence[Column[Any]], rows: Iterable[Any]
) -> HttpResponse:
    """The rows as a file to save. kind: csv or xlsx."""
    table_format = TableFormat(kind)
    response = HttpResponse(write_table(table_format, columns, rows), content_type=CONTENT_TYPES[table_format])
    response["Content-Disposition"] = f'attachment; filename="{name}.{table_format}"'
    if request.user.is_authenticated:
        patch_cache_control(response, no_store=True, private=True)
    return response


def export_view(export: TableExport[Any], *, door: Callable[[View], View]) -> View:
    """The view behind both addresses of a list. door: the access decorator of the list's page."""

    @door
    @require_safe
    def view(request: HttpRequest, kind: str, **ids: Any) -> HttpResponse:
        rows = list(export.rows(request, **ids))
        user = request.user
        if export.is_personal and isinstance(user, User):
            record_export(actor=user, what=" ".join([export.name, *map(str, ids.values())]), rows=len(rows))
        name = "-".join([export.name, *map(str, ids.values())])
        return table_response(request, kind, name=name, columns=export.columns, rows=rows)

    return view


def export_paths(route: str, view: View, name: str) -> list[URLPattern]:
    """`route.csv` and `route.xlsx`, called `name_csv` and `name_xlsx`."""
    return [path(f"{route}.{kind}", view, {"kind": kind.value}, name=f"{name}_{kind}") for kind in TableFormat]


def at_least_five(number: int) -> object:
    """A count of people, or "<5": below five somebody could be picked out of it."""
    return number if number >= FEWEST_SHOWN else f"<{FEWEST_SHOWN}"
