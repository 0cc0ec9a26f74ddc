"""What each form can say against itself or against what is so, by the name of its address, or why it can say nothing such.

`test_every_form` sends every one of them and holds that no form is missing here. Texts that are missing or too long are
tried on every form and stand nowhere in this table. No form takes week numbers: weeks are shown, days are sent.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from backend.organisations.models import Organisation
from backend.rounds.models import Participant, RoundSeat
from backend.students.models import StudentGroup
from tests.factories import OfferFactory, OrganisationFactory, UserFactory, WorkplaceFactory
from tests.factories.rows import FINSPANG, RoleFactory
from tests.web.forms import PageForm

Value = str | list[str] | SimpleUploadedFile | Callable[[PageForm], Any]
TODAY, START, END = "2026-11-23", "2027-01-22", "2027-02-16"
NOBODYS = "999999"


@dataclass(frozen=True)
class Contradiction:
    """what: in words. field: the one that is called wrong, "" for a sentence above them all. changes: what is sent instead
    of what the page shows; a function makes what must exist for it. button: which of the buttons, by the name it sends."""

    what: str
    field: str
    changes: dict[str, Value] = field(default_factory=dict)
    button: tuple[str, str] = ("", "")


C = Contradiction
ONLY_BUTTONS = "only buttons: there is nothing to choose or to type"
REASON = "one text of one's own that goes against nothing"


def other_workplace(_form: PageForm) -> str:
    return str(WorkplaceFactory().pk)


def other_organisation(_form: PageForm) -> str:
    return str(OrganisationFactory().pk)


def other_period(_form: PageForm) -> str:
    return str(OfferFactory().periods.get().pk)


def other_list(_form: PageForm) -> str:
    return str(StudentGroup.objects.create(name="1A", school="Annan", municipality_id="0180", school_year=2026).pk)


def other_person(_form: PageForm) -> str:
    return str(UserFactory().pk)


def a_coordinator(_form: PageForm) -> str:
    return str(RoleFactory(kind="coordinator", municipality_id="0180").pk)


def a_coordinators_address(_form: PageForm) -> str:
    return str(RoleFactory(kind="coordinator", municipality_id=FINSPANG).user.email)


def known_number(_form: PageForm) -> str:
    number = Organisation.objects.exclude(registration_number=None).values_list("registration_number", flat=True)[0]
    return str(number)


def number_in_address(form: PageForm) -> int:
    return next(int(part) for part in reversed(form.action.split("/")) if part.isdigit())


def same_wish(form: PageForm) -> str:
    participant = Participant.objects.get(pk=number_in_address(form))
    return str(RoundSeat.objects.filter(round=participant.round_id).order_by("pk")[0].pk)


def upload(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


OFFER = (
    C("the last day is before the first", "periods-0-end", {"periods-0-start": END, "periods-0-end": START}),
    C("a first day alone", "periods-0-end", {"periods-0-start": START, "periods-0-end": ""}),
    C("a last day alone", "periods-0-start", {"periods-0-start": "", "periods-0-end": END}),
    C("no day there is", "periods-0-start", {"periods-0-start": "2027-02-30", "periods-0-end": END}),
    C("no seats", "periods-0-seats", {"periods-0-start": START, "periods-0-end": END, "periods-0-seats": "0"}),
    C("more seats than any workplace has", "periods-0-seats", {"periods-0-seats": "501"}),
    C(
        "the same days twice",
        "periods-0-start",
        {f"periods-{n}-{name}": day for n in (0, 1) for name, day in (("start", START), ("end", END))},
    ),
    C("a year of long ago", "periods-0-start", {"periods-0-start": "1990-01-08", "periods-0-end": "1990-02-08"}),
    C("a year that is far", "periods-0-end", {"periods-0-start": START, "periods-0-end": "9999-12-31"}),
    C(
        "the last day to apply after the last period",
        "apply_by",
        {"periods-0-start": START, "periods-0-end": END, "apply_by": "2027-06-01"},
    ),
    C("the last day to apply has been", "apply_by", {"apply_by": "2026-11-01"}),
    C("a risk assessment from tomorrow", "risk_assessed_on", {"risk_assessed_on": "2026-11-24"}),
    C("a workplace of others", "workplace", {"workplace": other_workplace}),
    C("a form that is not there", "form", {"form": "lumparen"}),
    C("an occupation that is not there", "occupation", {"occupation": "zzzz"}),
    C("a programme that is not there", "programmes", {"programmes": ["XX00"]}),
    C("a risk that is not there", "hazards", {"hazards": ["NO_SUCH"]}),
    C(
        "a period of others",
        "periods-0-start",
        {"periods-0-start": START, "periods-0-end": END, "periods-0-id": other_period},
    ),
)
FRESH: dict[str, Value] = {
    "title": "Svetsa",
    "tasks": "Svetsa.",
    "form": "apl",
    "periods-0-start": START,
    "periods-0-end": END,
    "periods-0-seats": "2",
}
ROUND = (
    C("the last day is before the first", "end", {"end": START, "start": END}),
    C("begins today", "start", {"start": TODAY}),
    C("closes before it opens", "closes_at", {"opens_at": "2026-12-05T08:00", "closes_at": "2026-12-04T08:00"}),
    C("closed already", "closes_at", {"opens_at": "2026-11-01T08:00", "closes_at": "2026-11-02T08:00"}),
    C("published before it closes", "publish_on", {"publish_on": "2026-11-24"}),
    C("no day to answer", "accept_by", {"publish_on": "2026-12-20", "accept_by": "2026-12-20T20:00"}),
    C("answers after the first day", "accept_by", {"accept_by": "2027-01-25T08:00"}),
    C("organisations rank before it closes", "employers_answer_by", {"employers_answer_by": "2026-11-24T08:00"}),
    C("organisations rank after the publication", "employers_answer_by", {"employers_answer_by": "2027-01-20T08:00"}),
    C("no wishes", "max_wishes", {"max_wishes": "0"}),
    C("more wishes than anybody has", "max_wishes", {"max_wishes": "21"}),
    C("no journey at all", "max_distance_km", {"max_distance_km": "0"}),
    C("a municipality that is none", "region_caps", {"region_caps": "Ankeborg 3"}),
    C("less than nobody", "region_caps", {"region_caps": "Finspång -1"}),
    C("led by a municipality of others", "lead_code", {"lead_code": "0180"}),
    C("with one that is no member", "municipality_codes", {"municipality_codes": ["9999"]}),
    C("a form that is not there", "form", {"form": "lumparen"}),
    C("a method that is not there", "method", {"method": "magic"}),
)
ROUND_SENT: dict[str, Value] = {
    "name": "APL",
    "form": "apl",
    "start": START,
    "end": END,
    "opens_at": "2026-11-24T08:00",
    "closes_at": "2026-12-08T16:00",
    "employers_answer_by": "",
    "publish_on": "2026-12-16",
    "accept_by": "2026-12-23T16:00",
}
WEBHOOK = (
    C("not safe", "url", {"url": "http://hook.example.com/in"}),
    C("leads inside", "url", {"url": "https://127.0.0.1/in"}),
    C("with a password", "url", {"url": "https://a:b@hook.example.com/in"}),
    C("a kind that is not there", "kinds", {"kinds": ["nothing.happened"]}),
)
UPLOAD = (
    C("a picture", "file", {"file": lambda form: upload("bild.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9)}),
    C("an empty file", "file", {"file": lambda form: upload("tom.csv", b"")}),
    C("too large", "file", {"file": lambda form: upload("stor.csv", b"a;b\n" + b"1;2\n" * 1_400_000)}),
    C("a name with a path and a script", "file", {"file": lambda form: upload("../<b>x</b>.exe", b"MZ\0\0")}),
    C("headings and no rows", "file", {"file": lambda form: upload("rubriker.csv", b"a;b\n")}),
    C("no file", "file"),
)
ALERT = (
    C("a distance from nowhere", "municipality", {"radius_km": "10", "municipality": ""}),
    C("no distance", "radius_km", {"radius_km": "0", "municipality": FINSPANG}),
    C("further than the country is long", "radius_km", {"radius_km": "2001", "municipality": FINSPANG}),
    C("a form that is not there", "form", {"form": "lumparen"}),
    C("an occupation that is not there", "group", {"group": "zzzz"}),
    C("a municipality that is not there", "municipality", {"municipality": "9999"}),
)
WORKPLACE = (
    C("a postcode of four digits", "postcode", {"postcode": "6123"}),
    C("a municipality that is not there", "municipality", {"municipality": "9999"}),
    C("of another organisation", "", {"organisation": other_organisation}),
)

CONTACT = (
    C("no number", "phone", {"name": "Ulf", "phone": "ring Ulf"}),
    C("no way to reach", "phone", {"name": "Ulf", "phone": "", "email": ""}),
    C("no mail address", "email", {"name": "Ulf", "email": "ulf"}),
    C("another's workplace", "workplace", {"name": "Ulf", "phone": "0122-850 00", "workplace": other_workplace}),
)
DECIDED = {"decision_number": "BUN 2026:14", "decided_by": "Barnnämnden", "decided_on": "2026-09-01"}
RETENTION = (
    C("weeded after no years", "years", {"action": "weed", "years": "0", "counted_from": "last_change", **DECIDED}),
    C("counted from nothing", "counted_from", {"action": "weed", "years": "2", "counted_from": "", **DECIDED}),
    C("decided tomorrow", "decided_on", {**DECIDED, "decided_on": "2099-01-01"}),
    C("a condition of another kind", "condition", {"kind": "message", "condition": "carried_out", **DECIDED}),
)
TABLE: dict[str, tuple[Contradiction, ...] | str] = {
    # Accounts
    "account_login": "one address; what is no address stands in test_field_errors",
    "account_signup": "whether an address has an account is told to nobody",
    "account_email": (C("one's own address once more", "email", {"email": "own"}, ("action_add", "")),),
    "account_logout": ONLY_BUTTONS,
    "account_request_login_code": "whether an address has an account is told to nobody",
    "profile": REASON,
    "set_language": ONLY_BUTTONS,
    "connections": ONLY_BUTTONS,
    "proof": (C("another app's code", "code", {"code": "000000"}),),
    "second_factor": ONLY_BUTTONS,
    "sessions": ONLY_BUTTONS,
    "own_data": ONLY_BUTTONS,
    "account_close": ONLY_BUTTONS,
    "second_factor_app": (C("another app's code", "code", {"code": "000000"}),),
    "second_factor_passkey": "what the browser's passkey answers; tests/browser/test_second_factor.py",
    "second_factor_stop": ONLY_BUTTONS,
    "tokens": (
        C("for an organisation of others", "organisation", {"name": "X", "organisation": other_organisation}),
        C("opens what is not there", "scopes", {"name": "X", "scopes": ["everything"]}),
        C("holds for ever", "days", {"name": "X", "days": "40000"}),
    ),
    "token_revoke": ONLY_BUTTONS,
    "reach": "asked only where text messages are set up; tests/web/test_reach_page.py",
    "reach_trust": ONLY_BUTTONS,
    "reach_trial": ONLY_BUTTONS,
    "reach_browser_remove": ONLY_BUTTONS,
    "notifications_read_all": ONLY_BUTTONS,
    "unsubscribe": ONLY_BUTTONS,
    "calendar": ONLY_BUTTONS,
    "notification_settings": (
        C("from eight until eight", "quiet_to", {"quiet_from": "08:00", "quiet_to": "08:00"}),
        C("from and no until", "quiet_to", {"quiet_from": "22:00", "quiet_to": ""}),
        C("until and no from", "quiet_from", {"quiet_from": "", "quiet_to": "07:00"}),
        C("quiet nearly all day", "quiet_to", {"quiet_from": "08:00", "quiet_to": "07:00"}),
        C("a pause that ends before it begins", "paused_to", {"paused_from": "2027-01-09", "paused_to": "2027-01-02"}),
        C("a pause that is over", "paused_to", {"paused_from": "2026-01-02", "paused_to": "2026-01-09"}),
        C("a pause of years", "paused_to", {"paused_from": "2027-01-02", "paused_to": "2029-01-02"}),
        C("a pause without an end", "paused_to", {"paused_from": "2027-01-02", "paused_to": ""}),
    ),
    "draft_throw_away": ONLY_BUTTONS,
    # Students and guardians
    "student_profile": (
        C("the last day is before the first", "end_1", {"start_1": END, "end_1": START}),
        C("the second time as well", "end_2", {"start_2": END, "end_2": START}),
        C("a first day alone", "end_1", {"start_1": START, "end_1": ""}),
        C("born tomorrow", "birth_date", {"birth_date": "2026-11-24"}),
        C("born long ago", "birth_date", {"birth_date": "1826-05-01"}),
        C("a municipality that is none", "municipality", {"municipality": "Ankeborg"}),
        C("less than no journey", "max_distance_km", {"max_distance_km": "-5"}),
        C("further than the country is long", "max_distance_km", {"max_distance_km": "2001"}),
        C("a programme that is not there", "programme", {"programme": "XX00"}),
        C("looks for what is not there", "forms", {"forms": ["lumparen"]}),
        C("an occupation that is not there", "interests", {"interests": ["zzzz"]}),
    ),
    "suggestion_dismiss": ONLY_BUTTONS,
    "apply": (
        C("a period of another place", "period", {"period": other_period, "motivation": "Jag vill."}),
        C("no period", "period", {"period": "", "motivation": "Jag vill."}),
    ),
    "student_accept": ONLY_BUTTONS,
    "student_withdraw": ONLY_BUTTONS,
    "student_change": ONLY_BUTTONS,
    "student_turn_down": (C("a novel", "reason", {"reason": "a" * 501}),),
    "placement_end_ask": REASON,
    "placement_first_day": REASON,
    "placement_new_supervisor": (C("no telephone", "phone", {"name": "Siv Berg", "phone": "hej"}),),
    "placement_rest": ONLY_BUTTONS,
    "student_guardian_remove": ONLY_BUTTONS,
    "student_guardians": (
        C("one's own address", "email", {"name": "Mamma", "email": "own"}),
        C("no number", "phone", {"name": "Mamma", "email": "mamma@hem.example", "phone": "ring mamma"}),
    ),
    "alert_new": ALERT,
    "alert": ALERT,
    "alert_pause": ONLY_BUTTONS,
    "alert_delete": ONLY_BUTTONS,
    "student_round_join": ONLY_BUTTONS,
    "student_round_leave": ONLY_BUTTONS,
    "student_round_wish": "the order of a list that the page shows; see TestWishing in test_rounds",
    "student_round_answer": ONLY_BUTTONS,
    "student_round_appeal": REASON,
    "student_round_own_place": (
        C("the last day is before the first", "end", {"start": END, "end": START}),
        C("other weeks than the round", "start", {"start": "2027-06-07", "end": "2027-06-18"}),
        C("a municipality that is not there", "municipality_code", {"municipality_code": "9999"}),
        C("no address", "contact_email", {"contact_email": "ulf"}),
    ),
    "guardian_consent": ONLY_BUTTONS,
    "guardian_withdraw": ONLY_BUTTONS,
    "guardian_link": "the code of a mail; see TestGuardianLink in test_guardian_links",
    # Organisations
    "employer_register": (
        C("a number whose digits do not agree", "registration_number", {"registration_number": "556036-0794"}),
        C("registered already", "registration_number", {"registration_number": known_number}),
        C("a municipality that is not there", "municipality", {"municipality": "9999"}),
        C("no address on the web", "website", {"website": "vår hemsida"}),
    ),
    "employer_organisation": (C("no address on the web", "website", {"website": "vår hemsida"}),),
    "organisation_claim": (C("an address that is not theirs", "email", {"role": "HR", "email": "vd@firma.example"}),),
    "unclaimed_offer": ONLY_BUTTONS,
    "unclaimed_decline": REASON,
    "unclaimed_invite": (C("no mail address", "email", {"email": "ulf"}),),
    "organisation_confirm": (C("nothing checked", "how", {"how": ""}),),
    "organisation_unconfirm": (C("no reason", "reason", {"reason": ""}),),
    "claim_decide": (C("a no without a reason", "reason", {"answer": "no", "reason": ""}),),
    "organisation_contacts": CONTACT,
    "organisation_contact": CONTACT,
    "organisation_contact_remove": ONLY_BUTTONS,
    "employer_workplace_new": WORKPLACE,
    "employer_workplace": WORKPLACE,
    "employer_team": (
        C("somebody who belongs to it", "email", {"email": "own"}),
        C("of another organisation", "", {"email": "a@b.example", "organisation": other_organisation}),
        C("somebody who is invited", "email", {"email": "ny.kollega.med.ett.langt.namn@firma.example"}),
    ),
    "employer_member_role": ONLY_BUTTONS,
    "employer_member_remove": ONLY_BUTTONS,
    "invitation": ONLY_BUTTONS,
    "invitation_withdraw": ONLY_BUTTONS,
    "employer_offer_new": OFFER,
    "employer_offer_edit": (
        *OFFER,
        C("fewer seats than are taken", "periods-0-seats", {"periods-0-seats": "1"}),
        C(
            "other days than people have applied for",
            "periods-0-start",
            {"periods-0-start": "2027-03-01", "periods-0-end": "2027-03-26"},
        ),
    ),
    "employer_offer_submit": ONLY_BUTTONS,
    "employer_offer_pause": ONLY_BUTTONS,
    "employer_offer_resume": ONLY_BUTTONS,
    "employer_offer_close": ONLY_BUTTONS,
    "employer_offer_copy": ONLY_BUTTONS,
    "employer_application_offer": ONLY_BUTTONS,
    "employer_application_waitlist": ONLY_BUTTONS,
    "employer_application_undo": ONLY_BUTTONS,
    "employer_application_ask": (C("no colleague", "colleague", {"colleague": other_person}),),
    "employer_application_decline": (
        C("a reason that is not there", "reason", {"reason": "because", "message": "Lycka till!"}),
    ),
    "employer_round_rank": (
        C("place zero", "rank-{first}", {"rank-{first}": "0"}),
        C("a word", "rank-{first}", {"rank-{first}": "först"}),
    ),
    "employer_imports": (
        *UPLOAD,
        C(
            "for an organisation of others",
            "",
            {"owner": other_organisation, "file": lambda form: upload("a.csv", b"a")},
        ),
    ),
    "coordinator_imports": (
        *UPLOAD,
        C("a form that is not there", "form", {"form": "lumparen", "file": lambda form: upload("a.csv", b"a")}),
    ),
    "coordinator_offer_imports": UPLOAD,
    "import_check": (
        C("one column for two things", "tasks", {"title": "2", "tasks": "2"}),
        C("a column that must be there is not", "title", {"title": ""}),
        C("a column that the file has not", "title", {"title": "99"}),
    ),
    "import_run": ONLY_BUTTONS,
    "import_undo": ONLY_BUTTONS,
    "import_discard": ONLY_BUTTONS,
    "webhooks": (*WEBHOOK, C("for others", "", {"owner": "m0180"})),
    "webhook": WEBHOOK,
    "webhook_pause": ONLY_BUTTONS,
    "webhook_resume": ONLY_BUTTONS,
    "webhook_trial": ONLY_BUTTONS,
    "webhook_delete": ONLY_BUTTONS,
    "webhook_replay": ONLY_BUTTONS,
    # Coordinators
    "coordinator_offers_decide": REASON,
    "coordinator_offers_undo": ONLY_BUTTONS,
    "coordinator_offer": REASON,
    "coordinator_offer_edit": OFFER,
    "coordinator_matches_decide": REASON,
    "coordinator_matches_undo": ONLY_BUTTONS,
    "coordinator_match_approve": ONLY_BUTTONS,
    "coordinator_match_guardian": ONLY_BUTTONS,
    "coordinator_guardian_add": (
        C("no address", "email", {"name": "Vera", "email": "vera"}),
        C("no number", "phone", {"name": "Vera", "email": "vera@hem.example", "phone": "12"}),
    ),
    "coordinator_guardian_confirm": ONLY_BUTTONS,
    "coordinator_guardian_remove": ONLY_BUTTONS,
    "coordinator_guardian_update": (C("no number", "phone", {"name": "Vera", "phone": "ring Vera"}),),
    "coordinator_match": REASON,
    "coordinator_withdraw": ONLY_BUTTONS,
    "coordinator_protect": (C("an alias that names", "alias", {"alias": "Maximiliana", "reason": "Hotad."}),),
    "coordinator_protected_student": REASON,
    "coordinator_placement": REASON,
    "coordinator_student_new": (
        C("born long ago", "birth_date", {"birth_date": "1826-05-01"}),
        C("studies what is not there", "studies", {"studies": "circus"}),
        C("looks for what is not there", "forms", {"forms": ["lumparen"]}),
    ),
    "coordinator_student_edit": (
        C("born tomorrow", "birth_date", {"birth_date": "2026-11-24"}),
        C("a programme that is not there", "programme", {"programme": "XX00"}),
        C("looks for nothing", "forms", {"forms": []}),
    ),
    "coordinator_student_place": (C("no place at all", "period", {"period": "", "motivation": "Passar bra."}),),
    "coordinator_end_accept": ONLY_BUTTONS,
    "coordinator_end_decline": REASON,
    "coordinator_trust": ONLY_BUTTONS,
    "coordinator_settings": (
        C("no time to answer", "answer_days", {"answer_days": "0"}),
        C("a year to answer", "answer_days", {"answer_days": "365"}),
        C("less than no time to undo", "undo_minutes", {"undo_minutes": "-1"}),
        C("no applications", "max_live_applications", {"max_live_applications": "0"}),
        C("a seat held for no time", "hold_hours", {"hold_hours": "0"}),
        C("no number to call", "help_phone", {"help_phone": "ring oss"}),
    ),
    "retention": RETENTION,
    "retention_defaults": RETENTION,
    "coordinator_resend": REASON,
    "task_close": REASON,
    # Rounds
    "round_new": ROUND,
    "round_edit": ROUND,
    "round_open": ONLY_BUTTONS,
    "round_close": ONLY_BUTTONS,
    "round_reopen": (
        C("until yesterday", "closes_at", {"closes_at": "2026-11-22T08:00", "reason": "Sjuka."}),
        C("until after the answers", "closes_at", {"closes_at": "2027-01-20T08:00", "reason": "Sjuka."}),
    ),
    "round_cancel": REASON,
    "round_seats": (
        C("no seats", "seats-{first}", {"seats-{first}": "0"}),
        C("a word", "seats-{first}", {"seats-{first}": "många"}),
        C("more at least than there are", "seats-{first}", {"seats-{first}": "1", "minimum-{first}": "2"}),
        C("more reserved than there are", "seats-{first}", {"seats-{first}": "1", "reserves-{first}": "nya 2"}),
        C("reserved for nobody", "reserves-{first}", {"seats-{first}": "1", "reserves-{first}": "2"}),
        C("students at least and no seats", "seats-{first}", {"seats-{first}": "", "minimum-{first}": "2"}),
    ),
    "round_seat_exclude": REASON,
    "round_participants_add": (
        C("a class list of others", "groups", {"groups": other_list}),
        C("none", "groups", {"groups": []}),
    ),
    "round_participant": (
        C("first for no reason", "reason", {"priority": "1", "reason": ""}),
        C("further behind than anybody", "priority", {"priority": "101"}),
        C("a figure that is not there", "sex", {"sex": "x"}),
    ),
    "round_participant_wishes": (
        C("the same place twice", "wishes-1", {"wishes-0": same_wish, "wishes-1": same_wish, "reason": "Sjuk."}),
        C("a place that is not in the round", "wishes-0", {"wishes-0": NOBODYS, "reason": "Sjuk."}),
    ),
    "round_participant_remove": ONLY_BUTTONS,
    "round_pair": (
        C("with oneself", "other", {"other": lambda form: str(number_in_address(form))}),
        C("with somebody of another round", "other", {"other": NOBODYS}),
    ),
    "round_unpair": ONLY_BUTTONS,
    "round_run_start": (C("a method that is not there", "method", {"method": "magic"}),),
    "round_run_cancel": ONLY_BUTTONS,
    "round_publish": "whether places have too few students is for the run to say; see TestRuns in test_rounds",
    "round_move": "what stands against a move is named and ticked; see TestRuns in test_rounds",
    "round_unlock": ONLY_BUTTONS,
    "round_undo": REASON,
    "round_finish": ONLY_BUTTONS,
    "round_second": ROUND,
    "round_appeal_answer": REASON,
    "round_own_place_decide": (
        C("no, for no reason", "reason", {"reason": ""}, ("decision", "no")),
        C("a risk that is not there", "hazards", {"hazards": ["NO_SUCH"]}, ("decision", "yes")),
    ),
    # The network office
    "network_members": (
        C(
            "a member twice",
            "municipality",
            {"municipality": FINSPANG, "valid_from": TODAY, "evidence": "confirmed", "source": "https://a.example"},
        ),
        C(
            "confirmed by nothing",
            "source",
            {"municipality": "0180", "valid_from": TODAY, "evidence": "confirmed", "source": ""},
        ),
        C("no day", "valid_from", {"municipality": "0180", "valid_from": "2027-02-30"}),
        C("a municipality that is not there", "municipality", {"municipality": "9999"}),
    ),
    "network_member_end": (C("ends before it begins", "last_day", {"last_day": "1900-01-01"}),),
    "network_grants": (
        C("ended already", "valid_until", {"valid_until": "2026-11-01", "reason": "Vikarie."}),
        C("for ever", "valid_until", {"valid_until": "2030-01-01", "reason": "Vikarie."}),
        C("no coordinator", "user", {"user": NOBODYS, "reason": "Vikarie."}),
    ),
    "network_grant_revoke": ONLY_BUTTONS,
    "network_people": (
        C("a coordinator of nowhere", "municipality", {"municipality": ""}),
        C("the office in a municipality", "municipality", {"kind": "network"}),
        C("somebody who has it", "email", {"email": a_coordinators_address}),
        C("no days", "valid_days", {"valid_days": "0"}),
    ),
    "network_second_factor": (
        C("an address of nobody", "email", {"email": "ingen@example.com", "reason": "Ringde."}),
        C("one's own", "email", {"email": "own", "reason": "Ringde."}),
    ),
    "network_role_pause": ONLY_BUTTONS,
    "network_role_resume": ONLY_BUTTONS,
    "network_role_end": ONLY_BUTTONS,
    "network_invitation_resend": ONLY_BUTTONS,
    "network_invitation_withdraw": ONLY_BUTTONS,
    "role_invitation": ONLY_BUTTONS,
    "network_resend": REASON,
}
FILLED: dict[str, dict[str, Value]] = {
    "network_grants": {"user": a_coordinator, "valid_until": "2027-05-01"},
    "network_members": {"municipality": "0180", "valid_from": TODAY},
    "network_people": {"email": "a@b.example", "name": "A", "municipality": FINSPANG},
    "coordinator_student_new": {
        "municipality": FINSPANG,
        "name": "Maja Lind",
        "email": "maja@skola.example",
        "birth_date": "2012-05-01",
        "studies": "compulsory",
        "forms": ["prao"],
    },
    "coordinator_student_edit": {"studies": "upper_secondary"},
    "student_profile": {"studies": "upper_secondary"},
    "employer_offer_new": FRESH,
    "round_new": ROUND_SENT,
    "round_second": ROUND_SENT,
    "employer_register": {"name": "Smedjan AB", "registration_number": "556036-0793", "municipality": FINSPANG},
    "employer_workplace_new": {"name": "Smedjan", "municipality": FINSPANG},
    "webhooks": {"url": "https://hook.example.com/in"},
    "student_round_own_place": {
        "organisation_name": "Smedjan",
        "municipality_code": FINSPANG,
        "contact_name": "Ulf",
        "contact_email": "ulf@smedja.example",
        "title": "Smed",
        "tasks": "Smida.",
    },
}
"""Forms whose page shows too little to be sent: what else goes with each contradiction."""
NO_FORMS = {
    "demo_login": "a demo only; tests/web/test_demo.py",
    "draft_autosave": "sent by the script while somebody types; never shown",
    "reach_browser": "sent by the script with the browser's keys; tests/web/test_reach_page.py",
    "mfa_authenticate": "between the mail's code and the pages; tests/security/test_second_factor.py",
    "mail_reports": "from the mail provider",
    "sms_reports": "from the provider of text messages",
}
"""Addresses that take a POST from no form."""
