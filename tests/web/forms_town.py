"""What forms need that the town of the browser tests has not: colleagues, class lists, a closed round, two to pair."""

from datetime import timedelta
from typing import Any

from django.urls import reverse

from backend.common import clock
from backend.exchange import services as imports
from backend.rounds import runner
from backend.rounds import services as rounds
from backend.students.models import StudentGroup
from tests.browser.town import COORDINATOR, EMPLOYER, STUDENT, Company, Town
from tests.exchange.files import OFFER_HEADINGS, OFFER_ROW, csv_file
from tests.factories import MembershipFactory, OfferFactory, StudentFactory, WorkplaceFactory
from tests.factories.rows import FINSPANG


def build_more() -> Town:
    company = Company()
    owner, coordinator = company.owner, company.coordinator
    MembershipFactory(organisation=company.workplace.organisation)
    asked = company.apply()
    job = imports.upload_import(
        actor=owner,
        kind="offers",
        content=csv_file([OFFER_HEADINGS, OFFER_ROW]),
        file_name="platser.csv",
        organisation_id=company.offer.organisation_id,
    )
    young = company.open_round("Prao i vår")
    one, _two = (company.participant(young, StudentFactory()) for _ in range(2))
    StudentGroup.objects.create(name="8B", school="Bergska", municipality_id=FINSPANG, school_year=2026)
    draft = rounds.create_round(actor=coordinator, details=company.round_details("Utkast"))
    closed = company.open_round("APL i höst", employers_answer_by=clock.now() + timedelta(days=15))
    wishing = company.participant(closed, StudentFactory())
    published = company.open_round("Prao i fjol", unplaced_policy="second_round")
    company.participant(published, StudentFactory())
    rounds.close_round(actor=coordinator, round_id=published.pk)
    run = rounds.start_run(actor=coordinator, round_id=published.pk)
    assert runner.run_once(run.pk)
    result = rounds.publish_round(actor=coordinator, run_id=run.pk).results.get()
    rounds.accept_result(actor=result.participant.student.user, result_id=result.pk)
    OfferFactory(workplace=company.workplace, period__start=company.start, period__end=company.end)
    rounds.close_round(actor=coordinator, round_id=closed.pk)
    seat = wishing.wishes.get(rank=1).seat
    unknown = WorkplaceFactory(organisation__confirmation="", organisation__confirmed_at=None).organisation
    pages = {
        EMPLOYER: [
            reverse("employer_team"),
            reverse("employer_application", args=[asked.pk]),
            reverse("employer_applicants", args=[company.offer.pk]),
            reverse("import", args=[job.pk]),
            reverse("employer_round_rank", args=[seat.pk]),
        ],
        COORDINATOR: [
            reverse("organisation_confirm", args=[unknown.pk]),
            reverse("round", args=[draft.pk]),
            reverse("round_edit", args=[draft.pk]),
            reverse("round_second", args=[published.pk]),
            reverse("round", args=[closed.pk]),
            reverse("round_runs", args=[closed.pk]),
            reverse("round_seats", args=[draft.pk]),
            reverse("round_participants", args=[draft.pk]),
            reverse("round_participant", args=[one.pk]),
        ],
    }
    pages[STUDENT] = [reverse("student_round_own_place", args=[young.pk])]
    people: dict[str, Any] = {EMPLOYER: owner, COORDINATOR: coordinator, STUDENT: one.student.user}
    return Town(people, pages)
