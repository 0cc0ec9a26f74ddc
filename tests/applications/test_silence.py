"""Who hears of an application that nobody answers, and who may look at one."""

from datetime import timedelta

import pytest

from backend.applications import scheduled_tasks, selectors
from backend.applications.policies import visible_to
from backend.notifications.models import Notification
from tests.factories import (
    ApplicationFactory,
    CoordinatorFactory,
    MembershipFactory,
    NetworkOfficerFactory,
    PeriodFactory,
    StudentFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

OTHER = "0882"


@pytest.mark.parametrize("own_coordinator", [True, False])
def test_silence_reaches_the_own_municipality_or_else_the_workplaces(own_coordinator, frozen_clock):
    workplaces = CoordinatorFactory(municipality=OTHER)
    own = CoordinatorFactory() if own_coordinator else workplaces
    ApplicationFactory(period=PeriodFactory(offer__workplace__municipality_id=OTHER))
    frozen_clock.shift(timedelta(days=7))
    assert scheduled_tasks.escalate_silence() == 1
    assert Notification.objects.get().recipient == own


def test_who_sees_an_application():
    application = ApplicationFactory(student=StudentFactory())
    member = MembershipFactory(organisation=application.period.offer.organisation).user
    CoordinatorFactory()  # stays: where nobody coordinates, the network office would see it
    for user in (application.student.user, member, CoordinatorFactory()):
        assert list(visible_to(user)) == [application]
        assert selectors.get_application(user, application.pk) == application
        user.is_active = False
        user.save()
        assert not visible_to(type(user).objects.get(pk=user.pk)).exists()
    for user in (
        UserFactory(),
        MembershipFactory().user,
        StudentFactory().user,
        CoordinatorFactory(municipality=OTHER),
        NetworkOfficerFactory(),
    ):
        assert not visible_to(user).exists()
        assert selectors.get_application(user, application.pk) is None


@pytest.mark.parametrize("number", [2, 15])
def test_lists_take_a_constant_number_of_queries(number, django_assert_num_queries):
    period = PeriodFactory()
    for _ in range(number):
        ApplicationFactory(period=period)
    with django_assert_num_queries(1):
        for row in selectors.list_applications_to(period.offer):
            assert row.student.user.name
            assert row.student.programme.name
            assert row.period.offer.workplace.municipality.name
    with django_assert_num_queries(1):
        assert selectors.count_unanswered([period.offer_id]) == number
