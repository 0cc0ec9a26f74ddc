"""Addresses of the employer's pages."""

from django.urls import URLPattern, URLResolver, path

from backend.web import (
    employer,
    employer_applicants,
    employer_offers,
    employer_pin,
    employer_team,
    organisation_pages,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("foretag/", employer.home, name="employer_home"),
    path("foretag/registrera/", employer.register, name="employer_register"),
    path("foretag/organisation/<int:organisation_id>/", organisation_pages.edit, name="employer_organisation"),
    path("organisationer/<int:organisation_id>/kontakter/", organisation_pages.contacts, name="organisation_contacts"),
    path(
        "organisationer/<int:organisation_id>/kontakter/<int:contact_id>/",
        organisation_pages.contacts,
        name="organisation_contact",
    ),
    path(
        "organisationer/<int:organisation_id>/kontakter/<int:contact_id>/ta-bort/",
        organisation_pages.remove_contact,
        name="organisation_contact_remove",
    ),
    path("foretag/arbetsplatser/", employer.workplaces, name="employer_workplaces"),
    path("foretag/arbetsplatser/ny/", employer.workplace, name="employer_workplace_new"),
    path("foretag/arbetsplatser/<int:workplace_id>/", employer.workplace, name="employer_workplace"),
    path("foretag/karta/<str:municipality_code>/", employer_pin.picture, name="employer_pin_map"),
    path("foretag/placeringar/", employer.placements, name="employer_placements"),
    path("foretag/kollegor/", employer_team.team, name="employer_team"),
    path("foretag/kollegor/<int:membership_id>/roll/", employer_team.role, name="employer_member_role"),
    path("foretag/kollegor/<int:membership_id>/ta-bort/", employer_team.remove, name="employer_member_remove"),
    path("foretag/inbjudningar/<int:invitation_id>/ta-tillbaka/", employer_team.withdraw, name="invitation_withdraw"),
    path("inbjudan/<int:invitation_id>/", employer_team.invitation, name="invitation"),
    path("foretag/platser/", employer_offers.offers, name="employer_offers"),
    path("foretag/platser/ny/", employer_offers.new, name="employer_offer_new"),
    path("foretag/platser/<int:offer_id>/", employer_offers.offer, name="employer_offer"),
    path("foretag/platser/<int:offer_id>/andra/", employer_offers.edit, name="employer_offer_edit"),
    path("foretag/platser/<int:offer_id>/kopiera/", employer_offers.copy, name="employer_offer_copy"),
    path("foretag/platser/<int:offer_id>/skicka-in/", employer_offers.submit, name="employer_offer_submit"),
    path("foretag/platser/<int:offer_id>/pausa/", employer_offers.pause, name="employer_offer_pause"),
    path("foretag/platser/<int:offer_id>/oppna/", employer_offers.resume, name="employer_offer_resume"),
    path("foretag/platser/<int:offer_id>/stang/", employer_offers.close, name="employer_offer_close"),
    path("foretag/platser/<int:offer_id>/sokande/", employer_applicants.applicants, name="employer_applicants"),
    path("foretag/ansokningar/<int:application_id>/", employer_applicants.application, name="employer_application"),
    path(
        "foretag/ansokningar/<int:application_id>/erbjud/",
        employer_applicants.offer_seat,
        name="employer_application_offer",
    ),
    path(
        "foretag/ansokningar/<int:application_id>/angra/",
        employer_applicants.undo_offer,
        name="employer_application_undo",
    ),
    path(
        "foretag/ansokningar/<int:application_id>/fraga-kollega/",
        employer_team.ask_colleague,
        name="employer_application_ask",
    ),
    path(
        "foretag/ansokningar/<int:application_id>/reservlista/",
        employer_applicants.waitlist,
        name="employer_application_waitlist",
    ),
    path(
        "foretag/ansokningar/<int:application_id>/tacka-nej/",
        employer_applicants.decline,
        name="employer_application_decline",
    ),
]
