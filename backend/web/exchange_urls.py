"""Addresses of imports, webhooks, the calendar, feeds and open data."""

from django.urls import URLPattern, path

from backend.web import feeds, imports, webhooks
from backend.web.exports import export_paths

urlpatterns: list[URLPattern] = [
    path("foretag/import/", imports.employer_imports, name="employer_imports"),
    path("samordnare/elever/import/", imports.coordinator_imports, name="coordinator_imports"),
    path("samordnare/platser/import/", imports.coordinator_offer_imports, name="coordinator_offer_imports"),
    path("import/<int:job_id>/", imports.job, name="import"),
    path("import/<int:job_id>/kontrollera/", imports.check, name="import_check"),
    path("import/<int:job_id>/importera/", imports.run, name="import_run"),
    path("import/<int:job_id>/angra/", imports.undo, name="import_undo"),
    path("import/<int:job_id>/slang/", imports.discard, name="import_discard"),
    *export_paths("import/<int:job_id>/fel", imports.rejected, "import_rejected"),
    *export_paths("import/mall/<slug:import_kind>", imports.template, "import_template"),
    path("webhooks/", webhooks.index, name="webhooks"),
    path("webhooks/<int:endpoint_id>/", webhooks.one, name="webhook"),
    path("webhooks/<int:endpoint_id>/pausa/", webhooks.pause, name="webhook_pause"),
    path("webhooks/<int:endpoint_id>/starta/", webhooks.resume, name="webhook_resume"),
    path("webhooks/<int:endpoint_id>/prova/", webhooks.trial, name="webhook_trial"),
    path("webhooks/<int:endpoint_id>/ta-bort/", webhooks.delete, name="webhook_delete"),
    path("webhooks/utskick/<int:delivery_id>/skicka-igen/", webhooks.replay, name="webhook_replay"),
    path("profil/kalender/", feeds.calendar_page, name="calendar"),
    path("kalender/<str:token>.ics", feeds.calendar_file, name="calendar_file"),
    path("floden/utbildningar.json", feeds.training, name="feed_training"),
    path("floden/praktik.json", feeds.internships, name="feed_internships"),
    path("floden/kommun/<str:code>.atom", feeds.municipality_atom, name="feed_municipality"),
    path("floden/form/<slug:form>.atom", feeds.form_atom, name="feed_form"),
    path("oppna-data/", feeds.open_data_page, name="open_data"),
    path("oppna-data/platser.csv", feeds.open_places, {"kind": "csv"}, name="open_places_csv"),
    path("oppna-data/platser.json", feeds.open_places, {"kind": "json"}, name="open_places_json"),
    path("oppna-data/sammanstallning.csv", feeds.open_figures, {"kind": "csv"}, name="open_figures_csv"),
    path("oppna-data/sammanstallning.json", feeds.open_figures, {"kind": "json"}, name="open_figures_json"),
    path("oppna-data/kompetens.csv", feeds.open_skills, {"kind": "csv"}, name="open_skills_csv"),
    path("oppna-data/kompetens.json", feeds.open_skills, {"kind": "json"}, name="open_skills_json"),
]
