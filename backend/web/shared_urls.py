"""Addresses that are nobody's journey in particular: notifications, the way from a mail, guardians, demo, health."""

from django.urls import URLPattern, URLResolver, path

from backend.web import (
    caught_mail,
    demo,
    drafts,
    gallery,
    go,
    guardian,
    health,
    help_page,
    notification_settings,
    notifications,
    placement,
    provider_webhooks,
    reach,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("till/<str:subject_type>/<int:subject_id>/", go.to_page, name="go"),
    # These three stand in every mail ever sent, see backend/notifications/links.py.
    path("notifications/", notifications.index, name="notifications"),
    path("notifications/settings/", notification_settings.settings_page, name="notification_settings"),
    path("notifications/unsubscribe/<str:token>/", notifications.unsubscribe, name="unsubscribe"),
    path("notifications/read/", notifications.read_all, name="notifications_read_all"),
    path("notifications/<int:notification_id>/", notifications.open_one, name="notification"),
    path("utkast/", drafts.autosave, name="draft_autosave"),
    path("utkast/slang/", drafts.throw_away, name="draft_throw_away"),
    path("placeringar/<int:placement_id>/", placement.placement, name="placement"),
    path("placeringar/<int:placement_id>/forsta-dagen/", placement.first_day, name="placement_first_day"),
    path("placeringar/<int:placement_id>/handledare/", placement.supervisor, name="placement_new_supervisor"),
    path("vardnadshavare/", guardian.home, name="guardian_home"),
    path("vardnadshavare/lank/<str:token>/", guardian.by_link, name="guardian_link"),
    path("vardnadshavare/<int:guardianship_id>/samtycke/", guardian.consent, name="guardian_consent"),
    path("vardnadshavare/ansokningar/<int:application_id>/dra-tillbaka/", guardian.withdraw, name="guardian_withdraw"),
    path("hjalp/", help_page.page, name="contact"),
    path("galleri/", gallery.gallery, name="gallery"),
    path("demo/", demo.tour, name="demo_tour"),
    path("demo/logga-in/", demo.demo_login, name="demo_login"),
    path("demo/koder/", demo.codes, name="demo_codes"),
    path("demo/mail/", caught_mail.index, name="caught_mails"),
    path("demo/mail/<str:mail_id>/", caught_mail.message, name="caught_mail"),
    path("demo/mail/<str:mail_id>/html/", caught_mail.message_html, name="caught_mail_html"),
    path("notifications/reach/", reach.page, name="reach"),
    path("notifications/reach/address/", reach.trust_address, name="reach_trust"),
    path("notifications/reach/trial/", reach.try_it, name="reach_trial"),
    path("notifications/reach/browsers/", reach.add_browser, name="reach_browser"),
    path("notifications/reach/browsers/<int:subscription_id>/", reach.remove_browser, name="reach_browser_remove"),
    path("sw.js", reach.service_worker, name="service_worker"),
    # Set down at the providers: these two stay as they are.
    path("webhooks/mail/", provider_webhooks.mail, name="mail_reports"),
    path("webhooks/sms/", provider_webhooks.sms, name="sms_reports"),
    path("health/", health.health, name="health"),
    path("health/ready/", health.ready, name="ready"),
]
