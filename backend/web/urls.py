"""Every page's address."""

from django.urls import URLPattern, URLResolver, include, path

from backend.web import account, alerts, discovery, login_codes, openid, public, search, skills, student, tokens

urlpatterns: list[URLPattern | URLResolver] = [
    # Open to everyone
    path("", public.start, name="start"),
    path("platser/", search.index, name="search"),
    path("platser/<int:offer_id>/", public.offer, name="offer"),
    path("kommuner/<str:code>/", public.municipality, name="municipality"),
    path("kompetens/", skills.network, name="skills"),
    path("kompetens/<str:code>/", skills.municipality, name="skills_of"),
    path("sa-fungerar-det/", public.how_it_works, name="how_it_works"),
    path("for-foretag/", public.for_employers, name="for_employers"),
    path("for-kommuner/", public.for_municipalities, name="for_municipalities"),
    path("personuppgifter/", public.privacy, name="privacy"),
    path("tillganglighet/", public.accessibility, name="accessibility"),
    path("badda-in/", discovery.embed_help, name="embed_help"),
    path("embed/<str:code>/", discovery.embed, name="embed"),
    path("robots.txt", discovery.robots, name="robots"),
    path("sitemap.xml", discovery.sitemap, name="sitemap"),
    path("sitemap-<section>.xml", discovery.sitemap_part, name="sitemap_part"),
    # Accounts
    path("hem/", account.home, name="home"),
    path("valkommen/", account.welcome, name="welcome"),
    path("profil/", account.profile, name="profile"),
    path("skicka-igen/", account.unsent, name="unsent"),
    path("profil/inloggningar/", openid.connections, name="connections"),
    path("konto/via/<slug:slug>/", openid.start, name="openid_start"),
    path("konto/via/<slug:slug>/svar/", openid.answer, name="openid_answer"),
    path("profil/nycklar/", tokens.index, name="tokens"),
    path("profil/nycklar/<int:token_id>/ta-bort/", tokens.revoke, name="token_revoke"),
    # Before allauth's own addresses, whose names stay: its code looks some of them up.
    path("konto/login/code/confirm/", login_codes.confirm_code),
    path("konto/confirm-email/", login_codes.confirm_email),
    path("konto/password/<path:rest>", account.closed),
    path("konto/reauthenticate/", account.closed),
    path("sprak/", account.set_language, name="set_language"),
    # Students
    path("elev/", student.home, name="student_home"),
    path("elev/profil/", student.profile, name="student_profile"),
    path("elev/forslag/", student.suggestions, name="suggestions"),
    path("elev/forslag/<int:suggestion_id>/dolj/", student.dismiss, name="suggestion_dismiss"),
    path("platser/<int:offer_id>/ansok/", student.apply, name="apply"),
    path("elev/ansokningar/", student.applications, name="student_applications"),
    path("elev/ansokningar/<int:application_id>/", student.application, name="student_application"),
    path("elev/ansokningar/<int:application_id>/svara-ja/", student.accept, name="student_accept"),
    path("elev/ansokningar/<int:application_id>/dra-tillbaka/", student.withdraw, name="student_withdraw"),
    path("elev/vardnadshavare/", student.guardians, name="student_guardians"),
    path("elev/bevakningar/", alerts.index, name="alerts"),
    path("elev/bevakningar/ny/", alerts.edit, name="alert_new"),
    path("elev/bevakningar/<int:alert_id>/", alerts.edit, name="alert"),
    path("elev/bevakningar/<int:alert_id>/pausa/", alerts.pause, name="alert_pause"),
    path("elev/bevakningar/<int:alert_id>/ta-bort/", alerts.delete, name="alert_delete"),
    # Other journeys
    path("", include("backend.web.employer_urls")),
    path("", include("backend.web.coordinator_urls")),
    path("", include("backend.web.rounds.urls")),
    path("", include("backend.web.shared_urls")),
    path("", include("backend.web.exported_lists")),
    path("", include("backend.web.exchange_urls")),
]
