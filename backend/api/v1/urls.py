"""Addresses of version 1."""

from django.urls import URLPattern, URLResolver, path, re_path

from backend.api.v1 import applications, docs, matches, me, offers, organisations, reference, students, tokens

app_name = "api"
urlpatterns: list[URLPattern | URLResolver] = [
    path("schema/", docs.Schema.as_view(), name="schema"),
    path("offers/", offers.Offers.as_view(), name="offers"),
    path("offers/<int:offer_id>/", offers.OneOffer.as_view(), name="offer"),
    path("offers/<int:offer_id>/periods/", offers.Periods.as_view(), name="offer_periods"),
    path("offers/<int:offer_id>/submit/", offers.Submit.as_view(), name="offer_submit"),
    path("offers/<int:offer_id>/publish/", offers.Publish.as_view(), name="offer_publish"),
    path("offers/<int:offer_id>/send-back/", offers.SendBack.as_view(), name="offer_send_back"),
    path("offers/<int:offer_id>/pause/", offers.Pause.as_view(), name="offer_pause"),
    path("offers/<int:offer_id>/resume/", offers.Resume.as_view(), name="offer_resume"),
    path("offers/<int:offer_id>/close/", offers.Close.as_view(), name="offer_close"),
    path(
        "offers/<int:offer_id>/suggested-students/count/",
        offers.SuggestedStudents.as_view(),
        name="offer_suggested_students",
    ),
    path("applications/", applications.Applications.as_view(), name="applications"),
    path("applications/<int:application_id>/", applications.OneApplication.as_view(), name="application"),
    path("applications/<int:application_id>/offer-seat/", applications.OfferSeat.as_view(), name="application_offer"),
    path("applications/<int:application_id>/waitlist/", applications.Waitlist.as_view(), name="application_waitlist"),
    path("applications/<int:application_id>/decline/", applications.Decline.as_view(), name="application_decline"),
    path("applications/<int:application_id>/accept/", applications.Accept.as_view(), name="application_accept"),
    path("applications/<int:application_id>/withdraw/", applications.Withdraw.as_view(), name="application_withdraw"),
    path("matches/", matches.Matches.as_view(), name="matches"),
    path("matches/<int:match_id>/", matches.OneMatch.as_view(), name="match"),
    path("matches/<int:match_id>/approve/", matches.Approve.as_view(), name="match_approve"),
    path("matches/<int:match_id>/reject/", matches.Reject.as_view(), name="match_reject"),
    path("placements/", matches.Placements.as_view(), name="placements"),
    path("placements/<int:placement_id>/", matches.OnePlacement.as_view(), name="placement"),
    path("suggestions/", students.Suggestions.as_view(), name="suggestions"),
    path("alerts/", students.Alerts.as_view(), name="alerts"),
    path("alerts/<int:alert_id>/", students.OneAlert.as_view(), name="alert"),
    path("me/", me.Me.as_view(), name="me"),
    path("me/profile/", students.Profile.as_view(), name="profile"),
    path("me/notification-preferences/", me.Preferences.as_view(), name="preferences"),
    path("notifications/", me.Notifications.as_view(), name="notifications"),
    path("notifications/<int:notification_id>/read/", me.ReadNotification.as_view(), name="notification_read"),
    path("tokens/", tokens.Tokens.as_view(), name="tokens"),
    path("tokens/<int:token_id>/", tokens.OneToken.as_view(), name="token"),
    path("organisations/", organisations.Organisations.as_view(), name="organisations"),
    path("workplaces/", organisations.Workplaces.as_view(), name="workplaces"),
    path("municipalities/", reference.Municipalities.as_view(), name="municipalities"),
    path("occupations/", reference.Occupations.as_view(), name="occupations"),
    path("programmes/", reference.Programmes.as_view(), name="programmes"),
    path("placement-forms/", reference.PlacementForms.as_view(), name="placement_forms"),
    re_path(r"^(?P<rest>.*)$", docs.Unknown.as_view(), name="unknown"),
]
