"""Addresses of imports, and of what the service hands to other programs."""

from django.urls import URLPattern, path

from backend.web import imports
from backend.web.exports import export_paths

urlpatterns: list[URLPattern] = [
    path("foretag/import/", imports.employer_imports, name="employer_imports"),
    path("samordnare/import/", imports.coordinator_imports, name="coordinator_imports"),
    path("import/<int:job_id>/", imports.job, name="import"),
    path("import/<int:job_id>/kontrollera/", imports.check, name="import_check"),
    path("import/<int:job_id>/importera/", imports.run, name="import_run"),
    path("import/<int:job_id>/angra/", imports.undo, name="import_undo"),
    path("import/<int:job_id>/slang/", imports.discard, name="import_discard"),
    *export_paths("import/<int:job_id>/fel", imports.rejected, "import_rejected"),
    *export_paths("import/mall/<slug:import_kind>", imports.template, "import_template"),
]
