"""Rows for tests, with as little said as possible: name only what the test is about."""

from tests.factories.rows import (
    ApplicationFactory,
    CoordinatorFactory,
    GuardianshipFactory,
    MembershipFactory,
    NetworkOfficerFactory,
    OfferFactory,
    OrganisationFactory,
    PeriodFactory,
    StudentFactory,
    UserFactory,
    WorkplaceFactory,
)

__all__ = [
    "ApplicationFactory",
    "CoordinatorFactory",
    "GuardianshipFactory",
    "MembershipFactory",
    "NetworkOfficerFactory",
    "OfferFactory",
    "OrganisationFactory",
    "PeriodFactory",
    "StudentFactory",
    "UserFactory",
    "WorkplaceFactory",
]
