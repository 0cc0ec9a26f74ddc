"""Everything the pages can do, a program can do: which commands the pages call and the API does not, each with its reason.

A command is a function with `actor` as a keyword. A new one that only the pages call fails here, until it has an address in
the API or a reason in the table; docs/adr/0011-api.md says which reasons hold.
"""

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import backend.api
import backend.web

ROUNDS = "rounds are led and joined on their pages, beside the figures and explanations they need"
PROTECTED = "protected identities are known to few, and every look at one is logged by the page"
OFFICE = "the network office keeps the register and the machinery on its pages"
LOGIN = "belongs to the login, to a browser or to a calendar"
MUNICIPALITY = "how a municipality works is settled by its coordinators on one page"
TEAM = "who belongs to an organisation is settled between people, by invitation and answer"
FIRST_DAY = "what a student needs to know before the first day is written on the page where the student reads it"
FAMILY = "minors and guardians say yes themselves, by a personal link"
OF_THE_PAGE = "the page's own way of doing what the API does with"
TALK = "a wish to end a placement is words between people, answered by one of them"
OWN_DATA = "what is kept about somebody is fetched by that person, who is logged in, and by no program"
PAGES_ONLY = {
    "privacy.retention.end_retention_rule": MUNICIPALITY,
    "privacy.retention.save_retention_rule": MUNICIPALITY,
    "privacy.closing.close_account": OWN_DATA,
    "privacy.services.fetch_data_copy": OWN_DATA,
    "privacy.services.request_data_copy": OWN_DATA,
    "accounts.appointments.accept_role_invitation": OFFICE,
    "accounts.appointments.decline_role_invitation": OFFICE,
    "accounts.appointments.end_role": OFFICE,
    "accounts.appointments.invite_to_role": OFFICE,
    "accounts.appointments.pause_role": OFFICE,
    "accounts.appointments.resend_role_invitation": OFFICE,
    "accounts.appointments.resume_role": OFFICE,
    "accounts.appointments.withdraw_role_invitation": OFFICE,
    "accounts.identities.connect_identity": LOGIN,
    "accounts.identities.disconnect_identity": LOGIN,
    "accounts.phones.set_phone": LOGIN,
    "accounts.second_factor.ask_reset": OFFICE,
    "accounts.second_factor.enrol_app": LOGIN,
    "accounts.second_factor.enrol_passkey": LOGIN,
    "accounts.second_factor.keep_recovery_codes": LOGIN,
    "accounts.second_factor.remove_second_factor": LOGIN,
    "accounts.second_factor.renew_recovery_codes": LOGIN,
    "accounts.second_factor.stop_reset": LOGIN,
    "accounts.sessions.end_other_sessions": LOGIN,
    "accounts.services.give_grant": PROTECTED,
    "accounts.services.revoke_grant": PROTECTED,
    "students.enrolment.enrol_student": f"{OF_THE_PAGE} POST imports/ with a class list of one row",
    "students.records.correct_student": MUNICIPALITY,
    "applications.placing.place_student": MUNICIPALITY,
    "applications.board.record_export": f"{OF_THE_PAGE} exports/, whose worker notes it",
    "applications.forwarding.ask_colleague": TEAM,
    "applications.services.mark_offer_read": f"{OF_THE_PAGE} applications/{{id}}/read/",
    "exchange.feeds.calendar.revoke": LOGIN,
    "exchange.feeds.calendar.subscribe": LOGIN,
    "exchange.services.choose_table": f"{OF_THE_PAGE} POST imports/ with a sheet or a heading line",
    "notifications.provider_reports.trust_address_again": LOGIN,
    "notifications.push.subscribe": LOGIN,
    "notifications.push.unsubscribe": LOGIN,
    "notifications.reminders.close_task": MUNICIPALITY,
    "notifications.services.resend_delivery": OFFICE,
    "notifications.services.save_settings": f"{OF_THE_PAGE} PATCH me/notification-preferences/",
    "notifications.services.send_trial": LOGIN,
    "offers.once.create_offer_once": f"{OF_THE_PAGE} POST offers/ and an Idempotency-Key",
    "organisations.claims.claim_organisation": TEAM,
    "organisations.confirmation.confirm_organisation": TEAM,
    "organisations.confirmation.unconfirm_organisation": TEAM,
    "organisations.claims.decide_claim": TEAM,
    "organisations.municipality_settings.save_municipality_settings": MUNICIPALITY,
    "organisations.network_members.add_membership": OFFICE,
    "organisations.network_members.end_membership": OFFICE,
    "organisations.services.set_trust": MUNICIPALITY,
    "organisations.team.accept_invitation": TEAM,
    "organisations.team.decline_invitation": TEAM,
    "organisations.team.invite_colleague": TEAM,
    "organisations.team.remove_member": TEAM,
    "organisations.team.set_role": TEAM,
    "organisations.team.withdraw_invitation": TEAM,
    "placements.end_requests.accept_end_request": TALK,
    "placements.end_requests.ask_to_end": TALK,
    "placements.end_requests.decline_end_request": TALK,
    "placements.services.set_first_day": FIRST_DAY,
    "rounds.services.appeals.answer_appeal": ROUNDS,
    "rounds.services.appeals.appeal_result": ROUNDS,
    "rounds.services.lifecycle.cancel_round": ROUNDS,
    "rounds.services.lifecycle.close_round": ROUNDS,
    "rounds.services.lifecycle.finish_round": ROUNDS,
    "rounds.services.lifecycle.open_round": ROUNDS,
    "rounds.services.lifecycle.reopen_round": ROUNDS,
    "rounds.services.lifecycle.start_second_round": ROUNDS,
    "rounds.services.own_places.accept_own_place": ROUNDS,
    "rounds.services.own_places.reject_own_place": ROUNDS,
    "rounds.services.own_places.submit_own_place": ROUNDS,
    "rounds.services.publishing.publish_round": ROUNDS,
    "rounds.services.publishing.undo_publication": ROUNDS,
    "rounds.services.results.accept_result": ROUNDS,
    "rounds.services.results.decline_result": ROUNDS,
    "rounds.services.runs.adjust": ROUNDS,
    "rounds.services.runs.cancel_run": ROUNDS,
    "rounds.services.runs.move_and_lock": ROUNDS,
    "rounds.services.runs.set_seat_excluded": ROUNDS,
    "rounds.services.runs.start_run": ROUNDS,
    "rounds.services.runs.unlock_pair": ROUNDS,
    "rounds.services.setup.add_participants": ROUNDS,
    "rounds.services.setup.create_round_once": ROUNDS,
    "rounds.services.setup.pair_participants": ROUNDS,
    "rounds.services.setup.remove_participant": ROUNDS,
    "rounds.services.setup.set_seats": ROUNDS,
    "rounds.services.setup.unpair": ROUNDS,
    "rounds.services.setup.update_participant": ROUNDS,
    "rounds.services.setup.update_round": ROUNDS,
    "rounds.services.wishes.join_round": ROUNDS,
    "rounds.services.wishes.leave_round": ROUNDS,
    "rounds.services.wishes.rank_applicants": ROUNDS,
    "rounds.services.wishes.set_wishes": ROUNDS,
    "students.protection.clear_protected_identity": PROTECTED,
    "students.protection.record_look": PROTECTED,
    "students.protection.set_protected_identity": PROTECTED,
    "placements.guardians.confirm_guardian_for_match": FAMILY,
    "students.guardians.accept_guardianship": FAMILY,
    "students.guardians.confirm_guardian": FAMILY,
    "students.guardians.remove_guardian": FAMILY,
    "students.guardians.update_guardian": FAMILY,
    "students.services.add_guardian": FAMILY,
    "students.services.give_consent": FAMILY,
    "students.services.withdraw_consent": FAMILY,
}


def functions_used_in(package: ModuleType) -> Iterator[Any]:
    """Whatever the modules of a package name, resolved as Python would."""
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(found.name)
        assert module.__file__ is not None
        for node in ast.walk(ast.parse(Path(module.__file__).read_text())):
            if isinstance(node, ast.Name):
                yield getattr(module, node.id, None)
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                yield getattr(getattr(module, node.value.id, None), node.attr, None)


def commands_of(package: ModuleType) -> set[str]:
    commands = set()
    for each in functions_used_in(package):
        if not inspect.isfunction(each) or each.__module__.startswith(package.__name__):
            continue
        actor = inspect.signature(each).parameters.get("actor")
        if each.__module__.startswith("backend.") and actor is not None and actor.kind is actor.KEYWORD_ONLY:
            commands.add(f"{each.__module__.removeprefix('backend.')}.{each.__name__}")
    return commands


def test_what_only_the_pages_do_has_a_reason():
    pages, programs = commands_of(backend.web), commands_of(backend.api)
    assert len(pages) > 80, "the pages' commands are not found any more"
    assert sorted(pages - programs) == sorted(PAGES_ONLY)
