"""The place that is played on, and the people who play. They come for one walk and leave their roles afterwards."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Exists, OuterRef

from backend.accounts.enums import RoleKind
from backend.accounts.models import Role, User
from backend.common import clock
from backend.common.errors import NotFound
from backend.offers.models import Offer
from backend.organisations.importing import hand_over_organisation
from backend.organisations.models import Membership, TrustedOrganisation
from backend.students.models import Student
from backend.students.services import ProfileDetails, save_profile

# Forms that an adult may take without anybody's consent, so that the walk needs no guardian. Training places first.
FORMS = ("yh", "lia", "yrkesvux", "praktik", "larlingsvux")


@dataclass(frozen=True)
class Cast:
    company: User
    coordinator: User
    first: User
    second: User


def find_place() -> Offer:
    """An imported place with a municipality; where there is none, one of the demo's. Raises NotFound when there are none."""
    usable = Offer.objects.filter(workplace__municipality__isnull=False, form__in=FORMS).select_related(
        "organisation", "workplace__municipality", "form"
    )
    # A trusted organisation publishes without review, and the review is one of the steps to be seen.
    usable = usable.exclude(
        Exists(
            TrustedOrganisation.objects.filter(
                organisation=OuterRef("organisation"), municipality=OuterRef("workplace__municipality")
            )
        )
    )
    imported = usable.exclude(source="").exclude(occupation=None).order_by("form", "source_ref", "pk")
    place = (
        imported.first() or usable.exclude(source="").first() or usable.exclude(occupation=None).order_by("pk").first()
    )
    if place is None:
        raise NotFound(
            "walkthrough.no_place",
            "There is no place to play on: run `import_places --source yh FILE.csv` or `seed` first, or name a FILE with --yh.",
        )
    return place


@contextmanager
def people_at(place: Offer) -> Iterator[Cast]:
    """Four new people: one of the place's organisation, a coordinator of its municipality, two adult students."""
    stamp = f"{clock.now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    with transaction.atomic():
        cast = Cast(*(_person(stamp, who) for who in ("Company", "Coordinator", "First Student", "Second Student")))
        hand_over_organisation(actor=None, organisation=place.organisation, user=cast.company)
        Role.objects.create(
            user=cast.coordinator, kind=RoleKind.COORDINATOR, municipality_id=place.workplace.municipality_id
        )
    try:
        yield cast
    finally:
        leave(cast)


def leave(cast: Cast) -> None:
    """What they did stays, they themselves can do nothing more."""
    people = [cast.company, cast.coordinator, cast.first, cast.second]
    Membership.objects.filter(user__in=people).delete()
    Role.objects.filter(user__in=people).delete()
    Student.objects.filter(user__in=people).update(wants_suggestions=False)
    User.objects.filter(pk__in=[person.pk for person in people]).update(is_active=False)


def _person(stamp: str, who: str) -> User:
    address = who.lower().replace(" ", "-")
    return User.objects.create_user(f"walkthrough-{stamp}-{address}@demo.example", name=f"Walkthrough {who}")


def become_student(user: User, place: Offer) -> Student:
    """A profile to which the place is near, of the right form and occupation."""
    return save_profile(
        actor=user,
        details=ProfileDetails(
            birth_date=date(clock.today().year - 24, 3, 1),
            municipality_code=place.workplace.municipality_id or "",
            forms=(place.form_id,),
            interests=(place.occupation_id,) if place.occupation_id else (),
            languages=("sv",),
            max_distance_km=50,
        ),
    )
