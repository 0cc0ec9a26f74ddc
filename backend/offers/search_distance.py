"""How far an entry is from a point, and the box to look for it in."""

from math import cos, radians, sin
from typing import Any

from django.db.models import F, FloatField, Func, Q

from backend.reference.geo import EARTH_RADIUS_KM

KM_A_DEGREE = 111.0


def box_around(lat: float, lon: float, km: int) -> Q:
    """The box that the circle lies in, which an index can answer."""
    high = km / KM_A_DEGREE
    wide = high / max(cos(radians(min(89.0, abs(lat) + high))), 0.01)
    return Q(lat__range=(lat - high, lat + high), lon__range=(lon - wide, lon + wide))


class KilometresFrom(Func):
    """Great-circle distance in km from a point in degrees to the columns lat and lon; null where these are.

    path: where the columns stand, such as "offer__workplace__".

    One expression rather than a tree of functions: Django takes that apart anew for every page, which costs as much as the
    distances do.
    """

    # Rounding may lift the cosine of the same point a hair above one, where acos is not defined. LEAST ignores a null,
    # which would put an unknown place right here.
    template = (
        "CASE WHEN %(lat)s IS NOT NULL THEN %%s * acos(least(1.0, greatest(-1.0, %%s * sin(radians(%(lat)s))"
        " + %%s * cos(radians(%(lat)s)) * cos(radians(%(lon)s) - %%s)))) END"
    )
    output_field = FloatField()

    def __init__(self, lat: float, lon: float, path: str = "") -> None:
        super().__init__(F(f"{path}lat"), F(f"{path}lon"))
        self.point = lat, lon

    def as_sql(self, compiler: Any, connection: Any, **_context: Any) -> tuple[str, tuple[Any, ...]]:  # type: ignore[override]
        lat, lon = (compiler.compile(column)[0] for column in self.get_source_expressions())
        here_lat, here_lon = map(radians, self.point)
        return self.template % {"lat": lat, "lon": lon}, (EARTH_RADIUS_KM, sin(here_lat), cos(here_lat), here_lon)
