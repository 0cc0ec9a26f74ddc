"""Forms that show what is saved: those that several people change, and why the others need no version.

`test_every_form` holds that no form with saved values is missing here, and plays two people at each of the first.
"""

TOGETHER: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "coordinator_guardian_update": ({"name": "Den andras"}, {"name": "Mitt"}),
    "coordinator_offer_edit": ({"title": "Den andras"}, {"title": "Mitt"}),
    "coordinator_settings": ({"help_text": "Den andras"}, {"help_text": "Mitt"}),
    "coordinator_student_edit": ({"school": "Den andras"}, {"school": "Mitt"}),
    "employer_offer_edit": ({"title": "Den andras"}, {"title": "Mitt"}),
    "employer_organisation": ({"about": "Den andras"}, {"about": "Mitt"}),
    "employer_round_rank": ({"rank-{first}": "1"}, {"rank-{first}": "2"}),
    "employer_workplace": ({"address": "Den andras"}, {"address": "Mitt"}),
    "organisation_contact": ({"role": "Den andras"}, {"role": "Mitt"}),
    "placement_first_day": ({"first_day": "Den andras"}, {"first_day": "Mitt"}),
    "placement_new_supervisor": ({"name": "Den andras"}, {"name": "Mitt"}),
    "round_edit": ({"name": "Den andras"}, {"name": "Mitt"}),
    "round_participant": ({"group": "Den andras"}, {"group": "Mitt"}),
    "round_participant_wishes": (
        {"wishes-1": "", "reason": "Den andras"},
        {"wishes-0": "", "reason": "Mitt"},
    ),
    "round_seats": ({"seats-{first}": "1"}, {"seats-{first}": "2"}),
    "student_profile": ({"school": "Den andras"}, {"school": "Mitt"}),
    "webhook": ({"url": "https://den-andras.example/in"}, {"url": "https://mitt.example/in"}),
}
"""The name of the address: what somebody else writes, and what I have written meanwhile."""

OTHERWISE = {
    "coordinator_offer": "only buttons: the command compares the moment that was read",
    "student_round_wish": "only buttons: the command compares the list that was read",
}
"""Addresses with a version of their own."""

NEW = "makes something new: what it shows is a proposal and stands nowhere yet"
OWN = "one person's own, which nobody else can change"
ANSWER = "an answer, which is given once: whoever comes second is told so by the command"
FILE = "how a file is read this time"
ALONE = {
    "account_email": OWN,
    "alert": OWN,
    "alert_new": OWN,
    "apply": NEW,
    "claim_decide": ANSWER,
    "coordinator_imports": NEW,
    "coordinator_matches_decide": ANSWER,
    "coordinator_student_new": NEW,
    "coordinator_student_place": NEW,
    "employer_application_ask": NEW,
    "employer_application_decline": ANSWER,
    "employer_imports": NEW,
    "employer_offer_new": NEW,
    "employer_register": NEW,
    "employer_workplace_new": NEW,
    "import_check": FILE,
    "network_member_end": ANSWER,
    "network_members": NEW,
    "network_people": NEW,
    "notification_settings": OWN,
    "organisation_claim": NEW,
    "organisation_confirm": ANSWER,
    "profile": OWN,
    "retention": NEW,
    "retention_defaults": NEW,
    "round_new": NEW,
    "round_own_place_decide": ANSWER,
    "round_pair": NEW,
    "round_participants_add": NEW,
    "round_run_start": NEW,
    "round_second": NEW,
    "second_factor_passkey": OWN,
    "student_round_own_place": NEW,
    "tokens": NEW,
    "unclaimed_decline": ANSWER,
    "webhooks": NEW,
}
