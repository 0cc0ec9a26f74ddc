"""What a person wants to hear about, on which channel, and when not to be disturbed."""

from dataclasses import asdict
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from backend.accounts.models import User
from backend.common import clock
from backend.common.errors import DomainError
from backend.notifications import quiet, services
from backend.notifications.enums import Category, ChannelName
from backend.notifications.preferences import Choices, choice_problems
from backend.notifications.quiet import Window
from backend.notifications.selectors import PreferenceRow, channels_shown_to, get_preferences
from backend.web.access import logged_in
from backend.web.context import roles_of
from backend.web.form_errors import add_domain_error

# What only organisations, coordinators and the network hear about.
NOT_FOR_STUDENTS = {Category.OFFERS, Category.ORGANISATIONS}

ABOUT: dict[str, "str | Promise"] = {
    Category.APPLICATIONS: gettext_lazy("New applications, offered seats and answers."),
    Category.SUGGESTIONS: gettext_lazy("New places with the reasons why they fit, also from your alerts."),
    Category.OFFERS: gettext_lazy("Places to review, sent back or published."),
    Category.MATCHES: gettext_lazy("Student and organisation have said yes; the coordinator decides."),
    Category.PLACEMENTS: gettext_lazy("Changes of a placement that stands."),
    Category.ROUNDS: gettext_lazy("When a round opens, closes and is published."),
    Category.ORGANISATIONS: gettext_lazy("Invitations and colleagues who have joined."),
    Category.REMINDERS: gettext_lazy("At most two about the same thing. After that a person takes over."),
    Category.ACCOUNT: gettext_lazy("Consents, and what concerns your account."),
    Category.SUMMARIES: gettext_lazy("One mail in the morning with what waits for you. Nothing waits: no mail."),
    Category.DIGESTS: gettext_lazy("The mail that gathers what you get daily or weekly."),
}


class SettingsForm(forms.Form):
    """The table of choices, one field "<category>.<channel>" a cell, and the hours of rest."""

    quiet_from = forms.TimeField(
        label=gettext_lazy("Quiet from"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    quiet_to = forms.TimeField(
        label=gettext_lazy("Quiet until"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    school_time_only = forms.BooleanField(
        label=gettext_lazy("Only in school time"),
        required=False,
        help_text=gettext_lazy("What can wait comes Monday to Friday between 8 and 16. Decisions still come at once."),
    )
    paused_from = forms.DateField(
        label=gettext_lazy("Pause from"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    paused_to = forms.DateField(
        label=gettext_lazy("Pause until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, rows: list[PreferenceRow], window: Window, data: Any = None) -> None:
        initial = asdict(window) | {cell.field: cell.slot for row in rows for cell in row.cells.values()}
        super().__init__(data, initial=initial, prefix=None)
        for row in rows:
            for channel, cell in row.cells.items():
                if len(cell.choices) > 1:
                    self.fields[cell.field] = forms.ChoiceField(
                        label=f"{row.label}, {ChannelName(channel).label}",
                        choices=cell.choices,
                        required=False,
                        error_messages={"invalid_choice": _("This choice does not exist. Choose one of the list.")},
                    )

    def choices(self) -> Choices:
        """(category, channel) -> slot of the cells that were sent."""
        found: Choices = {}
        for name, slot in self.cleaned_data.items():
            category, dot, channel = name.partition(".")
            if dot and slot:
                found[category, channel] = slot
        return found

    def window(self) -> Window:
        hours = ("quiet_from", "quiet_to", "school_time_only", "paused_from", "paused_to")
        return Window(**{name: self.cleaned_data[name] for name in hours})


@logged_in
@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: HttpRequest) -> HttpResponse:
    """All choices on one page. What contradicts itself is explained at its place; everything typed stays."""
    person = request.user
    assert isinstance(person, User)
    rows = _rows_of(person)
    form = SettingsForm(rows, quiet.window_of(person.pk), request.POST if request.method == "POST" else None)
    if request.method == "POST" and _saved(person, form):
        messages.success(request, _("Saved. This applies from now on."))
        return redirect("notification_settings")
    columns = channels_shown_to(person)
    context = {
        "form": form,
        "table": [_table_row(form, row, columns) for row in rows],
        "channels": [channel.label for channel in columns],
    }
    return render(request, "pages/notifications/settings.html", context, status=400 if form.errors else 200)


def _rows_of(person: User) -> list[PreferenceRow]:
    """What the person can hear about. Students and guardians are spared what never reaches them."""
    roles = roles_of(person)
    is_spared = bool(roles) and set(roles) <= {"student", "guardian"}
    return [row for row in get_preferences(person) if not (is_spared and row.category in NOT_FOR_STUDENTS)]


def _saved(person: User, form: SettingsForm) -> bool:
    if not form.is_valid():
        return False
    choices, window = form.choices(), form.window()
    for field, (_code, message) in choice_problems(person, choices).items():
        form.add_error(field if field in form.fields else None, str(message))
    for field, message in quiet.contradictions(window, clock.today()).items():
        form.add_error(field, str(message))
    if form.errors:
        return False
    try:
        services.save_settings(actor=person, user=person, choices=choices, window=window)
    except DomainError as error:
        add_domain_error(form, error)
    return not form.errors


def _table_row(form: SettingsForm, row: PreferenceRow, columns: list[ChannelName]) -> dict[str, Any]:
    """cells: (channel's name, bound field or None, whether the kind always goes there)."""
    cells = []
    for channel in columns:
        cell = row.cells.get(channel.value)
        field = form[cell.field] if cell and cell.field in form.fields else None
        cells.append((channel.label, field, cell is not None))
    return {"category": row.category, "label": row.label, "about": ABOUT.get(row.category, ""), "cells": cells}
