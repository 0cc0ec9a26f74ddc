"""The description itself, and the answer for addresses that do not exist."""

from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from backend.api.principals import not_found
from backend.api.schema import document
from backend.api.views import ReferenceView


@extend_schema(exclude=True)
class Schema(ReferenceView):
    """OpenAPI 3: YAML, or JSON with `Accept: application/json`. Open to everyone."""

    renderer_classes = SpectacularAPIView.renderer_classes

    def get_renderers(self) -> list[BaseRenderer]:
        # A refusal is a problem in JSON here as everywhere.
        classes = self.renderer_classes if self.request.method == "GET" else ReferenceView.renderer_classes
        return [renderer() for renderer in classes]

    def get(self, request: Request) -> Response:
        return Response(document())


@extend_schema(exclude=True)
class Unknown(ReferenceView):
    """Any other address below the API. Every address ends with a slash."""

    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    public_methods = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})

    def get(self, request: Request, rest: str = "") -> Response:
        raise not_found()

    post = put = patch = delete = get
