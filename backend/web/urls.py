"""Every page's address."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("backend.web.employer_urls")),
    path("", include("backend.web.coordinator_urls")),
]
