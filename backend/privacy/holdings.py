"""What is kept about people: for each model, how one comes to a person's rows, which fields a copy of their data tells, which it
does not and why, and as what kind of document it is kept or goes.

tests/privacy/test_holdings.py holds every model and every field of the database against this table, so that a new one
does not come in without an answer to these questions.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from backend.privacy.enums import DocumentKind

# Why a copy leaves a field out.
OTHERS = "about somebody else"
KEYS = "a key or a secret: whoever has it comes in"
MACHINE = "how the service does its work; says nothing about the person"
HIDDEN = "told to nobody but those with a grant, see docs/adr/0013-who-may-know.md"
IDS = "numbers of other rows"


@dataclass(frozen=True)
class Holding:
    """One model with personal data.

    told: the fields that a copy tells. kept: reason -> the fields it leaves out.
    person: paths to the user whose row it is. student: path to the student it is about.
    hidden: fields of `told` that a path leaves out, because there they are about somebody else.
    for_guardian: whether the copy of a child's data holds it. hidden_from_guardian: without these fields.
    """

    kind: DocumentKind
    told: tuple[str, ...]
    kept: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    person: tuple[str, ...] = ()
    student: str = ""
    hidden: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    for_guardian: bool = False
    hidden_from_guardian: tuple[str, ...] = ()


def _holding(
    kind: DocumentKind,
    told: str,
    *,
    person: str = "",
    student: str = "",
    hidden: Mapping[str, str] | None = None,
    for_guardian: bool = False,
    hidden_from_guardian: str = "",
    **kept: str,
) -> Holding:
    """kept: by the name of the reason in small letters, fields with a space between."""
    reasons = {"others": OTHERS, "keys": KEYS, "machine": MACHINE, "hidden_": HIDDEN, "ids": IDS}
    return Holding(
        kind,
        tuple(told.split()),
        {reasons[name]: tuple(fields.split()) for name, fields in kept.items()},
        tuple(person.split()),
        student,
        {path: tuple(fields.split()) for path, fields in (hidden or {}).items()},
        for_guardian,
        tuple(hidden_from_guardian.split()),
    )


K = DocumentKind
TIMES = "created_at updated_at"

HOLDINGS: dict[str, Holding] = {
    # Accounts
    "accounts.User": _holding(
        K.ACCOUNT,
        "email name language phone wants_sms created_at last_login is_active",
        person="pk",
        keys="password",
        machine="id is_superuser groups user_permissions",
    ),
    "account.EmailAddress": _holding(K.ACCOUNT, "email verified primary", person="user", machine="id user"),
    "mfa.Authenticator": _holding(
        K.ACCOUNT, "type created_at last_used_at", person="user", keys="data", machine="id user"
    ),
    "accounts.OpenIdentity": _holding(
        K.ACCOUNT, "issuer subject connected_at last_used_on", person="user", machine="id user"
    ),
    "accounts.SecondFactorReset": _holding(
        K.ACCOUNT, "reason asked_at due_at ended_at outcome", person="user", machine="id user", others="asked_by"
    ),
    "accounts.AccountSession": _holding(
        K.ACCOUNT,
        "device network started_at seen_at expire_date",
        person="user",
        keys="session_key session_data",
        machine="user",
    ),
    "accounts.KnownNetwork": _holding(K.ACCOUNT, "network seen_on", person="user", machine="id user"),
    "accounts.Role": _holding(K.ROLE, f"kind municipality paused_at {TIMES}", person="user", machine="id user"),
    "accounts.RoleInvitation": _holding(
        K.ROLE,
        f"kind municipality sent_at expires_at ended_at outcome {TIMES}",
        person="invitee",
        machine="id invitee",
        others="invited_by",
    ),
    "accounts.ProtectedGrant": _holding(
        K.ROLE,
        "municipality reason granted_at valid_until revoked_at",
        person="user",
        machine="id user",
        others="granted_by revoked_by",
    ),
    "organisations.Membership": _holding(K.ROLE, f"organisation role {TIMES}", person="user", machine="id user"),
    "organisations.Invitation": _holding(
        K.ROLE,
        f"organisation expires_at ended_at outcome {TIMES}",
        person="invitee",
        machine="id invitee",
        others="invited_by",
    ),
    "organisations.OrganisationClaim": _holding(
        K.ROLE,
        f"organisation role email state reason decided_at {TIMES}",
        person="user",
        machine="id user",
        others="decided_by",
    ),
    # Students
    "students.Student": _holding(
        K.PROFILE,
        "municipality school class_name programme birth_date studies has_finished_compulsory_school left_lists_on forms "
        f"interests skills languages home_town lat lon position_source max_distance_km wants_suggestions {TIMES}",
        student="pk",
        for_guardian=True,
        hidden_from_guardian="lat lon position_source home_town",
        machine="id user",
        hidden_="is_protected alias",
    ),
    "students.Availability": _holding(
        K.PROFILE, "start end", student="student", for_guardian=True, machine="id student"
    ),
    "students.Alert": _holding(
        K.PROFILE,
        f"name text form group municipality radius_km is_active {TIMES}",
        student="student",
        machine="id student",
    ),
    "students.StudentGroup": _holding(
        K.PROFILE,
        "name school municipality school_year",
        student="students",
        for_guardian=True,
        machine="id",
        others=f"students {TIMES}",
    ),
    "students.GroupMembership": _holding(
        K.PROFILE, f"group {TIMES}", student="student", for_guardian=True, machine="id student"
    ),
    "students.Guardianship": _holding(
        K.GUARDIAN,
        f"named_as phone named_by accepted_at confirmation confirmed_at {TIMES}",
        person="guardian",
        student="student",
        hidden={"student": "phone"},
        machine="id guardian",
        others="student confirmed_by",
    ),
    "students.GuardianConsent": _holding(
        K.GUARDIAN,
        "text_version method given_at withdrawn_at",
        person="guardianship__guardian",
        student="guardianship__student",
        machine="id guardianship",
    ),
    "suggestions.Suggestion": _holding(
        K.PROFILE, f"offer score reasons dismissed_at {TIMES}", student="student", machine="id student"
    ),
    "suggestions.SuggestionRun": _holding(K.PROFILE, "at", student="student", machine="student"),
    # Applications and placements
    "applications.Application": _holding(
        K.APPLICATION,
        "period state motivation submitted_at read_at answered_at answer_due_at escalated_at offered_at hold_expires_at "
        f"waiting_rank decline_reason release_reason message own_words asked_for {TIMES}",
        student="student",
        for_guardian=True,
        hidden_from_guardian="motivation message own_words",
        machine="id student undo_until",
        ids="match",
    ),
    "applications.ChangeQuestion": _holding(
        K.APPLICATION,
        "before after asked_at due_at answer answered_at",
        student="application__student",
        for_guardian=True,
        machine="id",
        ids="application",
    ),
    "placements.Match": _holding(
        K.PLACEMENT,
        f"period source state deciding_municipality start end proposed_at decided_at decision_reason agreed {TIMES}",
        student="student",
        for_guardian=True,
        hidden_from_guardian="decision_reason",
        machine="id student undo_until",
        others="decided_by",
    ),
    "placements.Placement": _holding(
        K.PLACEMENT,
        f"period start end supervisor_name first_day bring state ended_reason last_day rest {TIMES}",
        student="student",
        for_guardian=True,
        hidden_from_guardian="ended_reason",
        machine="id student",
        ids="match",
        others="supervisor_email supervisor_phone",
    ),
    "placements.EndRequest": _holding(
        K.PLACEMENT,
        "asked_as reason asked_at is_accepted answer answered_at",
        person="asked_by",
        student="placement__student",
        # Somebody else's words to the coordinator.
        hidden={"placement__student": "reason answer"},
        machine="id asked_by",
        ids="placement",
        others="answered_by",
    ),
    # Rounds
    "rounds.Participant": _holding(
        K.ROUND,
        f"round start end is_live group sex priority wished_at {TIMES}",
        student="student",
        for_guardian=True,
        hidden_from_guardian="sex",
        machine="id student",
    ),
    "rounds.Wish": _holding(
        K.ROUND, "seat rank", student="participant__student", for_guardian=True, machine="id participant"
    ),
    "rounds.OwnFoundPlace": _holding(
        K.ROUND,
        f"organisation_name municipality address title tasks start end state decided_at reason {TIMES}",
        student="participant__student",
        for_guardian=True,
        hidden_from_guardian="reason",
        machine="id participant",
        ids="period",
        others="contact_name contact_email decided_by",
    ),
    "rounds.Result": _holding(
        K.ROUND,
        f"seat state rank lot kinds is_adjusted is_refill answer_by answered_at {TIMES}",
        student="participant__student",
        for_guardian=True,
        machine="id participant",
        ids="publication match",
    ),
    "rounds.Appeal": _holding(
        K.ROUND,
        "text sent_at answer answered_at",
        person="sent_by",
        student="result__participant__student",
        # The guardian of a minor may have written it.
        hidden={"result__participant__student": "text answer"},
        machine="id sent_by",
        ids="result",
        others="answered_by",
    ),
    # Messages and connections
    "notifications.Notification": _holding(
        K.MESSAGE,
        "kind created_at read_at is_shown",
        person="recipient",
        machine="id recipient event",
        ids="subject_type subject_id data",
    ),
    "notifications.Delivery": _holding(
        K.MESSAGE,
        "channel state done_at reason",
        person="recipient",
        keys="idem_key lease_token",
        machine="id recipient event priority slot due_at expires_at queued_until attempts ambiguous_attempts lease_until "
        "called_at template_version provider_answer provider_message_id",
        ids="notification carried_by",
    ),
    "notifications.BouncedAddress": _holding(K.MESSAGE, "channel address since", person="user", machine="id user"),
    "notifications.PushSubscription": _holding(
        K.MESSAGE, "browser created_at", person="user", keys="endpoint p256dh auth signed_by", machine="id user"
    ),
    "notifications.Hours": _holding(
        K.MESSAGE,
        "quiet_from quiet_to school_time_only paused_from paused_to",
        person="user",
        machine="user",
    ),
    "notifications.Preference": _holding(K.MESSAGE, "category channel slot", person="user", machine="id user"),
    "tokens.ApiToken": _holding(
        K.FILE,
        f"organisation name scopes expires_at last_used_on revoked_at {TIMES}",
        person="user",
        keys="prefix fingerprint",
        machine="id user",
    ),
    "exchange.ExportJob": _holding(
        K.FILE,
        f"organisation name table_format row_count expires_at {TIMES}",
        person="actor",
        machine="id actor state due_at queued_until attempts last_error done_at is_forgotten",
        others="filters",
    ),
    "exchange.CalendarFeed": _holding(
        K.FILE, f"is_active last_read_on {TIMES}", person="user", keys="generation", machine="id user"
    ),
    "exchange.CalendarRevision": _holding(K.FILE, "changed_at", person="user", machine="id user uid digest sequence"),
    "exchange.ImportJob": _holding(
        K.FILE,
        "kind state organisation municipality file_name row_count created_count updated_count unchanged_count "
        f"faulty_count finished_at expires_at {TIMES}",
        person="actor",
        machine="id actor digest headings mapping options",
    ),
    # The bytes are in the copy as a file of their own when they are the organisation's places.
    "exchange.ImportFile": _holding(K.FILE, "kept_until", person="job__actor", machine="job", others="content"),
    "exchange.WebhookEndpoint": _holding(
        K.FILE,
        f"organisation municipality url kinds state {TIMES}",
        person="created_by",
        keys="seed former_seed former_until",
        machine="id created_by failures failing_since open_until disabled_because",
    ),
    "privacy.DataCopy": _holding(
        K.FILE,
        f"row_count is_withdrawn expires_at {TIMES}",
        person="asker",
        machine="id asker language state due_at queued_until attempts last_error done_at",
        others="child",
    ),
    # The log: what the person did, never to whom. What was done about the person's own rows is added in gathering.py.
    "common.LogEntry": _holding(
        K.LOG,
        "action at",
        person="actor",
        machine="id actor redacted_at",
        ids="subject_type subject_id data",
        others="reason",
    ),
}


@dataclass(frozen=True)
class WithoutOwner:
    """A model that is told in nobody's copy. names: its fields that look personal, so that another one is noticed."""

    why: str
    kind: DocumentKind | None = None
    names: tuple[str, ...] = ()


def _without(why: str, kind: DocumentKind | None = None, names: str = "") -> WithoutOwner:
    return WithoutOwner(why, kind, tuple(names.split()))


COMPANY = "the organisation's own, shown on its pages to its members; a contact person need not have an account"
OF_THE_RUN = "the round's calculation, told to the person as their result"
WORK = "work of the service, without a person"

WITHOUT_OWNER: dict[str, WithoutOwner] = {
    "account.EmailConfirmation": _without("a code that was sent; goes by itself", K.ACCOUNT),
    "sessions.Session": _without("not used: sessions are accounts.AccountSession"),
    "auth.Permission": _without("not used", None, "name"),
    "auth.Group": _without("not used", None, "name"),
    "contenttypes.ContentType": _without(WORK),
    "common.LogSeal": _without("the chain over the log", K.LOG),
    "common.DomainEvent": _without("numbers of rows, which are told themselves", K.LOG),
    "common.EventHandling": _without(WORK),
    "common.PeriodicRun": _without(WORK, None, "name"),
    "organisations.Organisation": _without(
        f"{COMPANY}; who registered and confirmed it is shown to those who decide",
        K.ORGANISATION,
        "name confirmed_by registered_by registered_from",
    ),
    "organisations.Workplace": _without(COMPANY, K.ORGANISATION, "name address postcode city lat lon"),
    "organisations.ContactPerson": _without(COMPANY, K.ORGANISATION, "name email phone"),
    "organisations.MunicipalitySettings": _without("the municipality's", None, "help_email help_phone"),
    "organisations.TrustedOrganisation": _without("a municipality's trust in an organisation", K.ORGANISATION),
    "notifications.ProviderEvent": _without(
        "reports of a mail provider, deleted after they are read", K.MESSAGE, "address"
    ),
    "notifications.DigestSlot": _without(WORK),
    "notifications.ReminderStep": _without("when somebody is reminded; the reminder itself is told", K.MESSAGE),
    "notifications.Task": _without(
        "the work list of an office, about rows that are told themselves; who closed it stands in the log",
        K.MESSAGE,
        "closed_by note",
    ),
    "notifications.DeliveryAttempt": _without("tries of a delivery that is told itself", K.MESSAGE),
    "notifications.ChannelCircuit": _without(WORK),
    "offers.DemandSignal": _without("public ads, without a person"),
    "offers.AdPrefill": _without("public ads, without a person", None, "employer_name"),
    "offers.SearchEntry": _without("words of public places", None, "lat lon"),
    "offers.SearchDocument": _without("words of public places", None, "lat lon"),
    "offers.UnsettledSeats": _without(WORK),
    "offers.SearchWord": _without("words of public places"),
    "offers.Offer": _without(COMPANY, K.ORGANISATION, "supervisor_name supervisor_email supervisor_phone"),
    "offers.OfferPeriod": _without(COMPANY, K.ORGANISATION),
    "rounds.Round": _without("a municipality's; who made it stands in the log", K.ROUND, "name created_by"),
    "rounds.RegionCap": _without("a municipality's", K.ROUND),
    "rounds.RoundSeat": _without("an organisation's", K.ROUND),
    "rounds.SeatReserve": _without("an organisation's", K.ROUND),
    "rounds.EmployerRanking": _without(
        "an organisation's order of wishes, which is told to nobody", K.ROUND, "participant"
    ),
    "rounds.TownPair": _without("two people at once: each has it on their own page", K.ROUND, "first second"),
    "rounds.Run": _without(OF_THE_RUN, K.ROUND, "started_by"),
    "rounds.RunSeat": _without(OF_THE_RUN, K.ROUND),
    "rounds.Outcome": _without(OF_THE_RUN, K.ROUND, "participant"),
    "rounds.LockedPair": _without(OF_THE_RUN, K.ROUND, "participant locked_by"),
    "rounds.Adjustment": _without(OF_THE_RUN, K.ROUND, "participant made_by"),
    "rounds.Publication": _without(
        "a municipality's; who published stands in the log", K.ROUND, "published_by undone_by"
    ),
    "exchange.ExportFile": _without("lists of others; gone after a day", K.FILE),
    "exchange.StreamCursor": _without(WORK),
    "exchange.ImportRow": _without("rows of a file about others; gone with the import", K.FILE),
    "exchange.ImportWork": _without(WORK),
    "exchange.ImportedOffer": _without("an organisation's", K.ORGANISATION),
    "exchange.WebhookDelivery": _without("messages without a person", K.FILE),
    "exchange.WebhookAttempt": _without("messages without a person", K.FILE),
    "api.IdempotentRequest": _without("a program's last answers; gone after a day", K.FILE),
    "privacy.RetentionRule": _without("a municipality's decision, by a board", None),
    "privacy.RetentionRun": _without("how many went, without a person", None),
    "privacy.DataCopyFile": _without("the copy itself", K.FILE),
}
# Official lists, without people.
APPS_WITHOUT_PEOPLE = frozenset({"reference"})
