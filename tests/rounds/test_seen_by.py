"""Who sees what of a round: no protected identity in any list or figure, no small number, constant queries."""

import pytest

from backend.placements.enums import MatchState
from backend.placements.models import Match
from backend.rounds import selectors, services
from backend.rounds.models import Wish
from tests.factories import CoordinatorFactory, MembershipFactory, NetworkOfficerFactory, StudentFactory
from tests.rounds.world import World

pytestmark = pytest.mark.django_db

HIDDEN = {"is_protected": True, "alias": "Student KXBR"}


@pytest.fixture
def world() -> World:
    """Five ordinary students and a protected one, who all wish for the same place."""
    world = World(9).open()
    for _ in range(5):
        world.student(0)
    world.student(0, **HIDDEN)
    return world


class TestProtectedIdentity:
    def test_takes_part_and_is_in_no_list_and_no_figure(self, world):
        counts = selectors.counts_of(world.round)
        assert (counts.students, counts.wishing) == (5, 5)
        assert selectors.list_participants(world.round).count() == 5
        assert selectors.demand(world.round)[world.rows[0].pk].wishes == 5
        run = world.close().run()
        assert run.outcomes.count() == 6
        assert selectors.list_outcomes(run).count() == 5
        figures = selectors.figures_of(run)
        assert (figures.students, figures.placed, figures.first) == (5, 5, 5)

    def test_is_an_alias_to_the_organisation(self, world):
        hidden = world.round.participants.get(student__is_protected=True)
        shown = {row.participant_id: row for row in selectors.list_applicants(world.rows[0])}
        assert (shown[hidden.pk].name, shown[hidden.pk].school_class) == ("Student KXBR", "")

    def test_is_not_approved_in_the_name_of_somebody_without_a_grant(self, world):
        hidden = world.round.participants.get(student__is_protected=True)
        result = world.close().publish().results.get(participant=hidden)
        services.accept_result(actor=hidden.student.user, result_id=result.pk)
        assert Match.objects.get().state == MatchState.PROPOSED
        assert selectors.get_result(world.coordinator, result.pk) is None

    def test_without_a_place_is_not_on_the_board_of_those_without(self):
        world = World(1).open()
        world.student(**HIDDEN)
        world.student(0)
        world.student()
        world.close().publish()
        assert selectors.list_unplaced(world.coordinator).count() == 1


def test_few_wishes_are_not_told_as_a_number(world):
    Wish.objects.filter(participant__student__is_protected=False).first().delete()
    assert selectors.demand(world.round)[world.rows[0].pk].wishes is None


def test_a_draft_is_seen_by_its_coordinators_and_the_network_office_alone():
    world = World(1)
    student = StudentFactory()
    company = MembershipFactory(organisation=world.rows[0].period.offer.organisation).user
    stranger = CoordinatorFactory(municipality="0180")
    for user, sees in (
        (world.coordinator, True),
        (NetworkOfficerFactory(), True),
        (student.user, False),
        (company, False),
        (stranger, False),
    ):
        assert (selectors.get_round(user, world.round.pk) is not None) is sees
    world.open()
    assert selectors.get_round(student.user, world.round.pk)
    assert selectors.get_round(company, world.round.pk)
    assert selectors.get_round(stranger, world.round.pk) is None


def test_the_students_page_and_the_board_take_the_same_queries_however_large(django_assert_max_num_queries):
    counted = []
    for size in (1, 6):
        world = World(*[1] * size).open()
        participants = [world.student(*range(min(size, 4))) for _ in range(size)]
        world.close().publish()
        user = type(world.coordinator).objects.get(pk=participants[0].student.user_id)
        with django_assert_max_num_queries(40) as page:
            assert selectors.get_student_round(user, world.round.pk).result
        with django_assert_max_num_queries(40) as board:
            rows = list(selectors.list_participants(world.round))
            assert len([row.student.user.name for row in rows]) == size
        counted.append((len(page), len(board)))
    assert counted[0] == counted[1]
