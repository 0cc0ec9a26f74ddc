"""The students of a round: whole class lists in, wishes on someone's behalf, and what the figures go by."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backend.common.errors import DomainError
from backend.rounds.models import Participant, TownPair
from backend.rounds.selectors import counts_of, list_participants, list_seats
from backend.rounds.services import setup
from backend.rounds.services.wishes import set_wishes
from backend.students.policies import groups_visible_to, may_list
from backend.web.access import coordinator
from backend.web.cursors import page_of
from backend.web.employer import person
from backend.web.form_errors import add_domain_error, takes_form
from backend.web.rounds.coordinator import heading, round_or_404
from backend.web.rounds.forms import ParticipantForm
from backend.web.rounds.student_forms import ClassListsForm, PairForm, WishesForm
from backend.web.versions import unchanged, watch

MOST_OTHERS = 3_000
KEYS = ("need", "student__user__name", "pk")


@coordinator
@require_safe
def index(request: HttpRequest, round_id: int) -> HttpResponse:
    """Who takes part, and who has not wished yet."""
    found = round_or_404(request, round_id)
    counts, rows = counts_of(found), list_participants(found)
    if request.GET.get("show") == "silent":
        rows = rows.filter(wished_at=None)
    page = page_of(rows, KEYS, request.GET.get("after", ""))
    context = heading(request, found) | {
        "page": page,
        "silent": request.GET.get("show") == "silent",
        "all_count": counts.students,
        "silent_count": counts.students - counts.wishing,
        "can_change": found.state in {"draft", "open"},
    }
    return render(request, "pages/rounds/participants.html", context)


def _class_lists(request: HttpRequest, data: Any, auto_id: str, round_id: int) -> ClassListsForm:
    found = round_or_404(request, round_id)
    groups = groups_visible_to(person(request)).filter(municipality__in=found.municipalities.values("pk"))
    return ClassListsForm(data, auto_id, groups=[(each.pk, f"{each.name}, {each.school}") for each in groups])


@coordinator
@takes_form(_class_lists, page="round_participants")
def add(request: HttpRequest, form: ClassListsForm, round_id: int) -> HttpResponse:
    """Takes whole class lists in."""
    added = setup.add_participants(actor=person(request), round_id=round_id, group_ids=form.cleaned_data["groups"])
    text = ngettext("%(number)d student is added.", "%(number)d students are added.", added.added)
    messages.success(request, text % {"number": added.added})
    if added.refused:
        text = ngettext(
            "%(number)d student is in another round in the same weeks and was not added.",
            "%(number)d students are in another round in the same weeks and were not added.",
            len(added.refused),
        )
        messages.warning(request, text % {"number": len(added.refused)})
    return redirect("round_participants", round_id)


def _participant(request: HttpRequest, participant_id: int) -> Participant:
    """404 for a participant of others, or one the user must not know of."""
    found = (
        Participant.objects.select_related("round", "student__user")
        .filter(pk=participant_id, student__in=may_list(person(request)))
        .first()
    )
    if found is None:
        raise Http404
    return found


@coordinator
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, participant_id: int) -> HttpResponse:
    """One student in a round: the wishes, and what priority and figures go by."""
    found = _participant(request, participant_id)
    rows = Participant.objects.filter(pk=found.pk)

    def made(data: Any = None) -> ParticipantForm:
        now = rows.get()
        return ParticipantForm(data, initial={"group": now.group, "sex": now.sex, "priority": now.priority})

    form = watch(request, made(request.POST or None), made)
    if request.method == "POST" and form.is_valid():
        try:
            with unchanged(request, form, made, rows):
                setup.update_participant(actor=person(request), participant_id=found.pk, **form.cleaned_data)
        except DomainError as error:
            add_domain_error(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("round_participant", found.pk)
    the_round = round_or_404(request, found.round_id)
    context = heading(request, the_round) | {
        "participant": found,
        "form": form,
        "wished": [wish.seat for wish in found.wishes.select_related("seat__period__offer__organisation")],
        "pair": TownPair.objects.filter(Q(first=found) | Q(second=found)).first(),
        "can_pair": the_round.state in {"draft", "open"},
        "can_wish": the_round.state == "open",
        "remove_url": reverse("round_participant_remove", args=[found.pk]),
        "can_remove": the_round.state in {"draft", "open", "closed"},
    }
    return render(request, "pages/rounds/participant.html", context, status=400 if form.errors else 200)


def _wishes(request: HttpRequest, data: Any, auto_id: str, participant_id: int) -> WishesForm:
    made = _wishes_as_they_are(request, auto_id, participant_id)
    return watch(request, made(data), made)


def _wishes_as_they_are(request: HttpRequest, auto_id: str, participant_id: int) -> Callable[..., WishesForm]:
    found = _participant(request, participant_id)

    def made(data: Any = None) -> WishesForm:
        own = {wish.rank: wish.seat_id for wish in found.wishes.order_by("rank")}
        return WishesForm(data, auto_id, places=list_seats(found.round), own=own, most=found.round.max_wishes)

    return made


@coordinator
@takes_form(_wishes, page="round_participant")
def wishes(request: HttpRequest, form: WishesForm, participant_id: int) -> HttpResponse:
    """Wishes on the student's behalf; the log says who and why."""
    fresh = _wishes_as_they_are(request, "%s", participant_id)
    with unchanged(request, form, fresh, Participant.objects.filter(pk=participant_id)):
        set_wishes(
            actor=person(request),
            participant_id=participant_id,
            seat_ids=form.seat_ids(),
            reason=form.cleaned_data["reason"],
        )
    messages.success(request, _("The wishes are saved on the student's behalf."))
    return redirect("round_participant", participant_id)


@coordinator
@require_POST
def remove(request: HttpRequest, participant_id: int) -> HttpResponse:
    """Takes the student out of the round."""
    found = _participant(request, participant_id)
    setup.remove_participant(actor=person(request), participant_id=found.pk)
    messages.success(request, _("The student is no longer in the round."))
    return redirect("round_participants", found.round_id)


def _pair(request: HttpRequest, data: Any, auto_id: str, participant_id: int) -> PairForm:
    found = _participant(request, participant_id)
    others = list_participants(found.round).exclude(pk=found.pk)[:MOST_OTHERS]
    return PairForm(data, auto_id, others=others)


@coordinator
@takes_form(_pair, page="round_participant")
def pair(request: HttpRequest, form: PairForm, participant_id: int) -> HttpResponse:
    """Two who want to be in the same town."""
    setup.pair_participants(actor=person(request), first_id=participant_id, second_id=form.cleaned_data["other"])
    messages.success(request, _("The two are a pair now."))
    return redirect("round_participant", participant_id)


@coordinator
@require_POST
def unpair(request: HttpRequest, pair_id: int) -> HttpResponse:
    """They are allocated each for oneself again."""
    known = TownPair.objects.filter(pk=pair_id).first()
    if known is None:
        raise Http404
    found = _participant(request, known.first_id)
    setup.unpair(actor=person(request), pair_id=pair_id)
    messages.success(request, _("They are no longer a pair."))
    return redirect("round_participant", found.pk)
