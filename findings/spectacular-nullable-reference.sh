#!/usr/bin/env bash
# drf-spectacular 0.30.0 and redocly 1.34.20: a nested serializer that may be null is written for OpenAPI 3.0 as `allOf` with
# `nullable` and no `type`. redocly's recommended rules call that an error. The same serializer for OpenAPI 3.1 passes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check django==5.2.19 djangorestframework==3.17.1 drf-spectacular==0.30.0
npm install --silent --ignore-scripts --no-audit --no-fund --prefix "$folder" @redocly/cli@1.34.20 >/dev/null
cat > "$folder/see.py" <<'PY'
import json
import subprocess
import sys
from pathlib import Path

import django
from django.conf import settings

version, target = sys.argv[1:]
settings.configure(
    SECRET_KEY="x",
    INSTALLED_APPS=["rest_framework", "drf_spectacular"],
    ROOT_URLCONF=__name__,
    REST_FRAMEWORK={"DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema", "UNAUTHENTICATED_USER": None},
    SPECTACULAR_SETTINGS={"TITLE": "t", "VERSION": "1", "OAS_VERSION": version},
)
django.setup()

from django.urls import path
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.views import APIView


class Town(serializers.Serializer):
    code = serializers.CharField()


class Place(serializers.Serializer):
    town = Town(allow_null=True)


class View(APIView):
    @extend_schema(responses=Place)
    def get(self, request):
        """A place."""


urlpatterns = [path("place", View.as_view())]
Path(target).write_text(json.dumps(SchemaGenerator(patterns=urlpatterns).get_schema(request=None, public=True)))
PY
seen=""
for version in 3.0.3 3.1.0; do
    (cd "$folder" && venv/bin/python see.py "$version" "$version.json")
    found=$(cd "$folder" && node_modules/.bin/redocly lint "$version.json" --format=json 2>/dev/null |
        grep -c 'type. field must be defined when the .nullable' || true)
    seen="$seen $version:$found"
done
echo "drf-spectacular 0.30.0, redocly 1.34.20, errors about a nullable without type:$seen"
[ "$seen" = " 3.0.3:1 3.1.0:0" ]
