"""factory_boy factories. Everything lies in Finspång unless a test says otherwise."""

from datetime import date, timedelta
from typing import Any

import factory
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from factory.django import DjangoModelFactory
from stdnum import luhn

from backend.accounts.enums import RoleKind
from backend.accounts.models import Role, User
from backend.applications.models import Application
from backend.common import clock
from backend.offers.enums import OfferState
from backend.offers.models import Offer, OfferPeriod
from backend.organisations.enums import MembershipRole
from backend.organisations.models import Membership, Organisation, Workplace
from backend.reference.enums import PositionSource
from backend.students.models import Guardianship, Student
from tests.conftest import NOW

FINSPANG = "0562"
# Four weeks from the Monday nine weeks ahead.
START = NOW.date() + timedelta(days=63 - NOW.weekday())
END = START + timedelta(days=25)


# What an authenticator app of the tests' people was given: their codes are `totp.code_of(APP_SECRET, step)`.
APP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def give_second_factor(user: User) -> None:
    """An app, as its owner set it up some time ago."""
    Authenticator.objects.get_or_create(
        user=user,
        type=Authenticator.Type.TOTP,
        defaults={"data": {"secret": get_adapter().encrypt(APP_SECRET), "last_step": 0}},
    )


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@school.example")
    name = factory.Sequence(lambda n: f"Person {n}")

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, **kwargs: Any) -> User:
        return User.objects.create_user(**kwargs)


class RoleFactory(DjangoModelFactory[Role]):
    class Meta:
        model = Role

    user = factory.SubFactory(UserFactory)
    kind = RoleKind.COORDINATOR
    municipality_id = FINSPANG

    @classmethod
    def _create(cls, model_class: type[Role], *args: Any, **kwargs: Any) -> Role:
        role: Role = super()._create(model_class, *args, **kwargs)
        give_second_factor(role.user)
        return role


class CoordinatorFactory(UserFactory):
    """A user who is a coordinator; `municipality` is a code."""

    @factory.post_generation
    def municipality(self, create: bool, extracted: str | None, **kwargs: Any) -> None:
        RoleFactory(user=self, municipality_id=extracted or FINSPANG)


class NetworkOfficerFactory(UserFactory):
    @factory.post_generation
    def role(self, create: bool, extracted: Any, **kwargs: Any) -> None:
        RoleFactory(user=self, kind=RoleKind.NETWORK, municipality_id=None)


class OrganisationFactory(DjangoModelFactory[Organisation]):
    class Meta:
        model = Organisation

    name = factory.Sequence(lambda n: f"Verkstad {n} AB")
    registration_number = factory.Sequence(lambda n: (base := f"5599{n:05d}") + luhn.calc_check_digit(base))
    municipality_id = FINSPANG
    confirmation = "register"
    confirmed_at = factory.LazyFunction(clock.now)


class WorkplaceFactory(DjangoModelFactory[Workplace]):
    class Meta:
        model = Workplace

    organisation = factory.SubFactory(OrganisationFactory)
    name = "Verkstaden"
    municipality_id = FINSPANG
    lat = 58.71
    lon = 15.77
    position_source = PositionSource.PIN


class MembershipFactory(DjangoModelFactory[Membership]):
    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    organisation = factory.SubFactory(OrganisationFactory)

    @classmethod
    def _create(cls, model_class: type[Membership], *args: Any, **kwargs: Any) -> Membership:
        membership: Membership = super()._create(model_class, *args, **kwargs)
        if membership.role == MembershipRole.OWNER:
            give_second_factor(membership.user)
        return membership


class OfferFactory(DjangoModelFactory[Offer]):
    """A published APL place with one period of two seats in ISO weeks 4 to 7; `period=None` leaves it out."""

    class Meta:
        model = Offer
        skip_postgeneration_save = True

    workplace = factory.SubFactory(WorkplaceFactory)
    organisation = factory.SelfAttribute("workplace.organisation")
    form_id = "apl"
    title = "CNC-operatör i verkstaden"
    tasks = "Du ställer in maskinen, kör detaljer och mäter dem."
    occupation_id = "7223"
    state = OfferState.PUBLISHED
    published_at = factory.LazyFunction(clock.now)

    @factory.post_generation
    def period(self: Any, create: bool, extracted: Any, **kwargs: Any) -> None:
        if extracted is None and create and kwargs.pop("make", True):
            PeriodFactory(offer=self, **kwargs)


class PeriodFactory(DjangoModelFactory[OfferPeriod]):
    class Meta:
        model = OfferPeriod

    offer = factory.SubFactory(OfferFactory, period__make=False)
    start = START
    end = END
    capacity = 2


class StudentFactory(DjangoModelFactory[Student]):
    """An adult in the industrial programme who looks for APL."""

    class Meta:
        model = Student
        skip_postgeneration_save = True

    user = factory.SubFactory(UserFactory)
    municipality_id = FINSPANG
    programme_id = "IN"
    birth_date = date(2008, 3, 1)
    has_finished_compulsory_school = True
    class_name = "IN3"
    lat = 58.7
    lon = 15.8
    position_source = PositionSource.PIN

    @factory.post_generation
    def forms(self: Any, create: bool, extracted: Any, **kwargs: Any) -> None:
        self.forms.set(extracted or ["apl"])


class GuardianshipFactory(DjangoModelFactory[Guardianship]):
    class Meta:
        model = Guardianship

    student = factory.SubFactory(StudentFactory, birth_date=date(2010, 3, 1))
    guardian = factory.SubFactory(UserFactory)
    named_as = factory.SelfAttribute("guardian.name")
    named_by = "school"
    confirmation = "school"
    confirmed_at = factory.LazyFunction(clock.now)
    accepted_at = factory.LazyFunction(clock.now)


class ApplicationFactory(DjangoModelFactory[Application]):
    class Meta:
        model = Application

    student = factory.SubFactory(StudentFactory)
    period = factory.SubFactory(PeriodFactory)
    submitted_at = factory.LazyFunction(clock.now)
    answer_due_at = factory.LazyFunction(lambda: clock.now() + timedelta(days=7))
