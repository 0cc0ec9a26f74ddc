"""Who needs a phone call: matters in which two reminders have not helped, for coordinators and the network office."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from backend.accounts.policies import is_coordinator
from backend.common.weeks import ago
from backend.notifications.reminders import close_task, lines_of, list_open_tasks
from backend.web.access import coordinator_or_network
from backend.web.cursors import page_of
from backend.web.employer import person
from backend.web.form_errors import takes_form
from backend.web.forms.reasons import NoteForm


@coordinator_or_network
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The open ones, the longest waiting first."""
    user = person(request)
    page = page_of(list_open_tasks(user), ("opened_at", "pk"), request.GET.get("after", ""))
    lines = lines_of(page.rows)
    rows: list[dict[str, Any]] = [
        {"pk": task.pk, "line": lines[task.pk], "since": ago(task.opened_at)} for task in page.rows
    ]
    context = {"rows": rows, "next_cursor": page.next_cursor, "is_coordinator": is_coordinator(user)}
    return render(request, "pages/coordinator/tasks.html", context)


@coordinator_or_network
@takes_form(NoteForm, page=lambda request, task_id: reverse("tasks"))
def close(request: HttpRequest, form: NoteForm, task_id: int) -> HttpResponse:
    """Taken care of, with a note for the colleagues."""
    close_task(actor=person(request), task_id=task_id, note=form.cleaned_data["note"])
    messages.success(request, _("Done. It is noted in the log."))
    return redirect("tasks")
