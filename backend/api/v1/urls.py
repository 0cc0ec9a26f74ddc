"""Addresses of version 1."""

from django.urls import URLPattern, URLResolver, path, re_path

from backend.api.v1 import docs, reference

app_name = "api"
urlpatterns: list[URLPattern | URLResolver] = [
    path("schema/", docs.Schema.as_view(), name="schema"),
    path("municipalities/", reference.Municipalities.as_view(), name="municipalities"),
    path("occupations/", reference.Occupations.as_view(), name="occupations"),
    path("programmes/", reference.Programmes.as_view(), name="programmes"),
    path("placement-forms/", reference.PlacementForms.as_view(), name="placement_forms"),
    re_path(r"^(?P<rest>.*)$", docs.Unknown.as_view(), name="unknown"),
]
