"""The map of the house's doors. Each journey keeps its own addresses in backend/web/urls.py."""

from django.urls import URLPattern, URLResolver, include, path

from backend.api import docs_page

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/docs/", docs_page.page, name="api_docs"),
    path("api/v1/", include("backend.api.v1.urls")),
    path("", include("backend.web.urls")),
    path("konto/", include("allauth.account.urls")),
]

handler400 = "backend.web.errors.bad_request"
handler403 = "backend.web.errors.forbidden"
handler404 = "backend.web.errors.not_found"
# Asked for by allauth, whose limits answer with it.
handler429 = "backend.web.errors.too_many_requests"
handler500 = "backend.web.errors.server_error"
