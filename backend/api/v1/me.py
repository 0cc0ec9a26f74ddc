"""Who one is here, what one is told, and what one wants to be told."""

from dataclasses import replace
from typing import Any

from django.db import transaction
from django.db.models import Q
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.api.principals import not_found
from backend.api.schema import operation
from backend.api.serializers import Answer, ChangeSerializer, ClockTime, NoBody, PageQuery, StrictSerializer
from backend.api.v1.shapes import Brief, render
from backend.api.views import ANY_TOKEN, ApiView, bad_cursor
from backend.notifications import services
from backend.notifications.models import Notification
from backend.notifications.quiet import window_of
from backend.notifications.selectors import get_preferences, list_notifications_for
from backend.organisations.models import Membership
from backend.tokens.enums import Scope

TAG = "Me"


class RoleAnswer(Answer):
    kind = serializers.CharField()
    municipality = serializers.CharField(source="municipality_id", allow_null=True)


class MembershipAnswer(Answer):
    organisation = Brief()
    role = serializers.CharField()


class TokenInUse(Answer):
    prefix = serializers.CharField()
    scopes = serializers.ListField(child=serializers.ChoiceField(Scope.values))
    organisation = serializers.IntegerField(source="organisation_id", allow_null=True)
    expires_at = serializers.DateTimeField()


class MeAnswer(Answer):
    name = serializers.CharField(allow_null=True, help_text="Null for a token without `profile:read`.")
    email = serializers.CharField(allow_null=True, help_text="Null for a token without `profile:read`.")
    language = serializers.CharField()
    is_student = serializers.BooleanField()
    roles = RoleAnswer(many=True)
    organisations = MembershipAnswer(many=True)
    token = TokenInUse(allow_null=True, help_text="Null for a session.")


class Me(ApiView):
    scopes = {"GET": ANY_TOKEN}

    @operation("me_read", "Who you are", tag=TAG, answer=MeAnswer)
    def get(self, request: Request) -> Response:
        """Your roles and organisations; an organisation's token sees its organisation only."""
        user, organisation_id = self.person, self.principal.organisation_id
        knows = self.principal.has(Scope.PROFILE_READ)
        own = Q() if organisation_id is None else Q(organisation=organisation_id)
        members = Membership.objects.filter(own, user=user).select_related("organisation").order_by("pk")
        answer = {
            "name": user.name if knows else None,
            "email": user.email if knows else None,
            "language": user.language,
            "is_student": organisation_id is None and hasattr(user, "student"),
            "roles": [] if organisation_id is not None else user.roles.in_force().order_by("pk"),
            "organisations": members,
            "token": self.principal.token,
        }
        return Response(MeAnswer(answer).data)


# --- notifications -----------------------------------------------------------------------------------------------------


class NotificationAnswer(Answer):
    id = serializers.IntegerField(source="pk")
    kind = serializers.CharField(help_text="Stable and dotted: `application.offered`.")
    title = serializers.CharField(source="kind_title", help_text="One line for a person.")
    link = serializers.CharField(help_text="The path of the page to act on; empty when there is none any more.")
    subject_type = serializers.CharField()
    subject_id = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True)


class Notifications(ApiView):
    scopes = {"GET": Scope.NOTIFICATIONS_READ}

    @operation("notifications_list", "Notifications", tag=TAG, query=PageQuery, answer=NotificationAnswer, page=True)
    def get(self, request: Request) -> Response:
        """Unread ones first, newest first in both halves."""
        asked = self.query(PageQuery)
        cursor = asked.get("cursor", "")
        if cursor and not (cursor[0] in "ur" and cursor[1:].isascii() and cursor[1:].isdigit() and len(cursor) < 20):
            raise bad_cursor()
        page = list_notifications_for(self.person, cursor, asked["limit"])
        return self.page_response(render(NotificationAnswer, page.rows), page.cursor)


class ReadAnswer(Answer):
    was_unread = serializers.BooleanField()


class ReadNotification(ApiView):
    scopes = {"POST": Scope.NOTIFICATIONS_WRITE}

    @operation("notifications_mark_read", "Mark as read", tag=TAG, body=NoBody, answer=ReadAnswer)
    def post(self, request: Request, notification_id: int) -> Response:
        """One of your own. Harmless when repeated."""
        self.parse(NoBody)
        if not Notification.objects.filter(pk=notification_id, recipient=self.person).exists():
            raise not_found()
        return Response({"was_unread": services.mark_read(actor=self.person, notification_id=notification_id)})


class ReadAllAnswer(Answer):
    number = serializers.IntegerField(help_text="How many were unread.")


class ReadAllNotifications(ApiView):
    scopes = {"POST": Scope.NOTIFICATIONS_WRITE}

    @operation("notifications_mark_all_read", "Mark all as read", tag=TAG, body=NoBody, answer=ReadAllAnswer)
    def post(self, request: Request) -> Response:
        """All of your own."""
        self.parse(NoBody)
        return Response({"number": services.mark_all_read(actor=self.person)})


# --- what one wants to be told -------------------------------------------------------------------------------------------


class PreferenceAnswer(Answer):
    category = serializers.CharField()
    channel = serializers.CharField()
    slot = serializers.CharField(help_text="What holds.")
    choices = serializers.ListField(child=serializers.CharField(), help_text="What may be chosen.")


class HoursAnswer(Answer):
    quiet_from = ClockTime(allow_null=True, help_text="Nothing rings from here on.")
    quiet_to = ClockTime(allow_null=True)
    school_time_only = serializers.BooleanField(help_text="What can wait comes on weekdays from 8 to 16.")
    paused_from = serializers.DateField(allow_null=True, help_text="The first day on which what can wait waits.")
    paused_to = serializers.DateField(allow_null=True, help_text="The last one.")


class PreferencesAnswer(Answer):
    preferences = PreferenceAnswer(many=True)
    hours = HoursAnswer(help_text="By the Swedish wall clock.")


class PreferenceInput(ChangeSerializer):
    answer = PreferenceAnswer
    category = serializers.CharField(max_length=20)
    channel = serializers.CharField(max_length=12)
    slot = serializers.CharField(max_length=6)


class HoursInput(StrictSerializer):
    """What is left out stays."""

    quiet_from = ClockTime(required=False, allow_null=True)
    quiet_to = ClockTime(required=False, allow_null=True)
    school_time_only = serializers.BooleanField(required=False)
    paused_from = serializers.DateField(required=False, allow_null=True)
    paused_to = serializers.DateField(required=False, allow_null=True)


class PreferencesInput(StrictSerializer):
    preferences = PreferenceInput(many=True, required=False, max_length=200)  # type: ignore[call-arg]
    hours = HoursInput(required=False)


class Preferences(ApiView):
    scopes = {"GET": Scope.NOTIFICATIONS_READ, "PATCH": Scope.NOTIFICATIONS_WRITE}

    @operation("me_preferences_read", "What you are told", tag=TAG, answer=PreferencesAnswer)
    def get(self, request: Request) -> Response:
        """For each category and channel the slot that holds and those that may be chosen; and the quiet hours."""
        return Response(self._table())

    @operation(
        "me_preferences_change", "Choose what you are told", tag=TAG, body=PreferencesInput, answer=PreferencesAnswer
    )
    def patch(self, request: Request) -> Response:
        """What is left out stays. One choice that cannot be refuses all of them."""
        data = self.parse(PreferencesInput)
        choices = {(row["category"], row["channel"]): row["slot"] for row in data.get("preferences", ())}
        window = replace(window_of(self.person.pk), **data.get("hours", {}))
        with transaction.atomic():
            if choices:
                services.set_preferences(actor=self.person, user=self.person, choices=choices)
            if "hours" in data:
                services.set_hours(actor=self.person, user=self.person, window=window)
        return Response(self._table())

    def _table(self) -> Any:
        cells = [
            {
                "category": row.category,
                "channel": channel,
                "slot": cell.slot,
                "choices": [s for s, _label in cell.choices],
            }
            for row in get_preferences(self.person)
            for channel, cell in row.cells.items()
        ]
        return PreferencesAnswer({"preferences": cells, "hours": window_of(self.person.pk)}).data
