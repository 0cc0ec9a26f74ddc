"""One small world for the tests of who may what: a company, its places in every state, a student, and their neighbours."""

from dataclasses import dataclass, field
from typing import Any

from rest_framework.test import APIClient

from backend.accounts.models import User
from backend.applications import services as applications
from backend.common import clock
from backend.common.models import DomainEvent
from backend.exchange import services as imports
from backend.exchange.enums import ImportState
from backend.exchange.exports import services as exports
from backend.exchange.models import ImportJob, WebhookDelivery
from backend.exchange.webhooks import services as webhooks
from backend.notifications.models import Notification
from backend.offers.enums import OfferState
from backend.offers.services import publish_offer, send_back_offer
from backend.organisations.models import ContactPerson
from backend.placements import services as placements
from backend.students.models import Alert
from backend.students.services import give_consent
from backend.suggestions.models import Suggestion
from backend.tokens.enums import ORGANISATION_SCOPES
from tests.api.desk import anonymous, session, token_of, with_token
from tests.exchange.files import OFFER_HEADINGS, OFFER_ROW, csv_file
from tests.factories import (
    ApplicationFactory,
    CoordinatorFactory,
    GuardianshipFactory,
    MembershipFactory,
    NetworkOfficerFactory,
    OfferFactory,
    StudentFactory,
    WorkplaceFactory,
)

# AN nobody, ST student, S2 other student, GU guardian of ST, CO company's owner, C2 other company's, KO own coordinator,
# K2 other municipality's, NA network office, TK the company's token with all that an organisation's can open.
PRINCIPALS = ("AN", "ST", "S2", "GU", "CO", "C2", "KO", "K2", "NA", "TK")
OTHER_MUNICIPALITY = "0480"


@dataclass
class World:
    """ids: what stands in an address, by the name of the route and the parameter. clients: by principal."""

    clients: dict[str, APIClient]
    people: dict[str, User]
    ids: dict[str, int]
    workplace: int
    organisation: int
    open_period: int
    student: Any
    offers: dict[str, Any] = field(default_factory=dict)


def make_world() -> World:
    guardianship = GuardianshipFactory(student__birth_date="2009-06-01")
    student = guardianship.student
    give_consent(actor=guardianship.guardian, guardianship_id=guardianship.pk)
    student.refresh_from_db()
    workplace, elsewhere = WorkplaceFactory(), WorkplaceFactory(municipality_id=OTHER_MUNICIPALITY)
    owner = MembershipFactory(organisation=workplace.organisation, role="owner").user
    people = {
        "ST": student.user,
        "S2": StudentFactory(municipality_id=OTHER_MUNICIPALITY).user,
        "GU": guardianship.guardian,
        "CO": owner,
        "C2": MembershipFactory(organisation=elsewhere.organisation, role="owner").user,
        "KO": CoordinatorFactory(),
        "K2": CoordinatorFactory(municipality=OTHER_MUNICIPALITY),
        "NA": NetworkOfficerFactory(),
    }
    clients = {"AN": anonymous(), **{name: session(user) for name, user in people.items()}}
    clients["TK"] = with_token(token_of(owner, *ORGANISATION_SCOPES, organisation_id=workplace.organisation_id))
    offers: dict[str, Any] = {
        "draft": OfferFactory(workplace=workplace, state=OfferState.DRAFT, published_at=None),
        "submitted": OfferFactory(
            workplace=workplace, state=OfferState.SUBMITTED, submitted_at=clock.now(), published_at=None
        ),
        "published": OfferFactory(workplace=workplace),
        "paused": OfferFactory(workplace=workplace, state=OfferState.PAUSED),
        "other": OfferFactory(workplace=workplace),
    }

    decided = {
        name: OfferFactory(workplace=workplace, state=OfferState.SUBMITTED, submitted_at=clock.now(), published_at=None)
        for name in ("offer_undo_publication", "offer_undo_send_back")
    }
    publish_offer(actor=people["KO"], offer_id=decided["offer_undo_publication"].pk)
    send_back_offer(actor=people["KO"], offer_id=decided["offer_undo_send_back"].pk, reason="Skriv mer.")

    def applied(**period: Any) -> Any:
        return ApplicationFactory(student=student, period=OfferFactory(workplace=workplace, **period).periods.get())

    waiting, offered = applied(), applied(period__start="2027-05-03", period__end="2027-05-28")
    applications.offer_seat(actor=owner, application_id=offered.pk)

    def accepted(start: str, end: str) -> int:
        row = applied(period__start=start, period__end=end)
        applications.offer_seat(actor=owner, application_id=row.pk)
        match_id = applications.accept_seat(actor=student.user, application_id=row.pk).match_id
        assert match_id is not None
        return match_id

    match = accepted("2027-03-01", "2027-03-26")
    placement = placements.approve_match(actor=people["KO"], match_id=accepted("2027-04-05", "2027-04-30"))
    rejected = accepted("2027-06-07", "2027-06-11")
    placements.reject_match(actor=people["KO"], match_id=rejected, reason="Krockar.")
    suggestion = Suggestion.objects.create(student=student, offer=offers["other"], score=0.5, reasons=[])
    event = DomainEvent.objects.create(kind="test", subject_type="user", subject_id=1, at=clock.now())
    notification = Notification.objects.create(
        event=event, recipient=student.user, kind="none", subject_type="user", subject_id=1, created_at=clock.now()
    )
    ids = {
        "offer_id": offers["published"].pk,
        "offer_submit": offers["draft"].pk,
        "offer_publish": offers["submitted"].pk,
        "offer_send_back": offers["submitted"].pk,
        "offer_resume": offers["paused"].pk,
        "application_id": waiting.pk,
        "application_accept": offered.pk,
        "match_id": match,
        "match_undo_approval": placement.match_id,
        "match_undo_rejection": rejected,
        "placement_id": placement.pk,
        "suggestion_id": suggestion.pk,
        "workplace_id": workplace.pk,
        "organisation_id": workplace.organisation_id,
        "contact_id": ContactPerson.objects.create(
            organisation=workplace.organisation, workplace=workplace, name="Karin Holm", phone="+4612285000"
        ).pk,
        **{name: offer.pk for name, offer in decided.items()},
        "alert_id": Alert.objects.create(student=student, name="Svets").pk,
        "notification_id": notification.pk,
        "token_id": token_id(owner),
        **exchanged(owner, workplace.organisation),
    }
    return World(
        clients, people, ids, workplace.pk, workplace.organisation_id, offers["other"].periods.get().pk, student, offers
    )


def exchanged(owner: User, organisation: Any) -> dict[str, int]:
    """Imports of the company, checked and done, and a webhook with a message that was sent."""
    jobs = []
    for state in (ImportState.READY, ImportState.DONE):
        job = imports.upload_import(
            actor=owner,
            kind="offers",
            content=csv_file([OFFER_HEADINGS, OFFER_ROW]),
            file_name="platser.csv",
            organisation_id=organisation.pk,
        )
        ImportJob.objects.filter(pk=job.pk).update(state=state)
        jobs.append(job.pk)
    endpoint, _secret = webhooks.register_webhook(
        actor=owner, organisation=organisation, url="https://example.com/in", kinds=["offer.published"]
    )
    delivery = webhooks.send_trial(actor=owner, endpoint_id=endpoint.pk)
    WebhookDelivery.objects.update(state="done")
    paused, _secret = webhooks.register_webhook(
        actor=owner, organisation=organisation, url="https://example.com/paus", kinds=["offer.published"]
    )
    webhooks.pause_webhook(actor=owner, endpoint_id=paused.pk)
    export = exports.request_export(actor=owner, name="our-places", table_format="csv", organisation_id=organisation.pk)
    exports.run_export(export.pk)
    return {
        "job_id": jobs[0],
        "import_undo": jobs[1],
        "endpoint_id": endpoint.pk,
        "webhook_resume": paused.pk,
        "delivery_id": delivery.pk,
        "export_id": export.pk,
    }


def token_id(user: User) -> int:
    """A personal token of the user, which nothing else uses."""
    token_of(user, "offers:read")
    return user.api_tokens.order_by("-pk").values_list("pk", flat=True)[0]
