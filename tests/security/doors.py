"""Which page opens to whom: every address of every method, written down by hand.

A line of names belongs to one kind of door and one kind of page. `name=KO+NA`: the row that stands in the address
(`House.ids`) is theirs alone; everybody else of the door's kind is told that there is no such thing, 404, or, where it
says `CM!`, that it is not theirs to do, 403.
"""

from dataclasses import dataclass

# Who passes the door of each kind of page.
MAY_ENTER: dict[str, frozenset[str]] = {
    door: frozenset(names.split())
    for door, names in {
        "public": "AN TK NB ST SC S2 GU G2 CO CM C2 KO K2 NA",
        "logged_in": "NB ST SC S2 GU G2 CO CM C2 KO K2 NA",
        "student": "ST SC S2",
        "guardian": "GU G2",
        "employer": "CO CM C2",
        "coordinator": "KO K2",
        "network": "NA",
        "coordinator_or_network": "KO K2 NA",
        "employer_or_coordinator": "CO CM C2 KO K2",
    }.items()
}
METHODS = {
    "read": ("GET", "HEAD"),
    "form": ("GET", "HEAD", "POST"),
    "post": ("POST",),
    # Open elsewhere: in the demo, where a provider is set up, with a secret that nobody can guess.
    "off": ("GET", "HEAD"),
    "off get": ("GET",),
    "off form": ("GET", "HEAD", "POST"),
    "off post": ("POST",),
    # A provider asks with HEAD whether we are there before it sends reports.
    "off report": ("POST", "HEAD"),
    # Leads to the login while no code is asked for, see test_login_codes.py.
    "code": (),
    # Passwords, which nobody has: 404, whatever is asked.
    "closed": (),
}
DOORS = {
    ("coordinator", "form"): """
        coordinator_offer_edit=KO coordinator_protected_student=KO coordinator_settings=KO retention=KO round_new
        coordinator_student_new coordinator_student_edit=KO coordinator_student_place=KO
        round_edit=KO round_seats=KO round_participant=KO round_move=KO round_second=KO coordinator_imports
        coordinator_offer_imports
    """,
    ("coordinator", "post"): """
        coordinator_guardian_add=KO coordinator_guardian_confirm=KO coordinator_guardian_remove=KO coordinator_guardian_update=KO
        coordinator_withdraw=KO coordinator_protect=KO coordinator_trust=KO+K2! coordinator_resend=KO
        round_open=KO round_close=KO round_reopen=KO round_cancel=KO round_seat_exclude=KO round_pair=KO
        round_unpair=KO round_participants_add=KO round_participant_wishes=KO round_participant_remove=KO
        round_run_start=KO round_run_cancel=KO round_unlock=KO round_publish=KO round_undo=KO round_finish=KO
        round_appeal_answer=KO round_own_place_decide=KO
    """,
    ("coordinator", "read"): """
        coordinator_home coordinator_students coordinator_students_csv
        coordinator_students_xlsx coordinator_student=KO coordinator_protected coordinator_organisations
        coordinator_ledger=KO rounds round=KO round_participants=KO round_runs=KO round_run=KO
        round_run_snapshot=KO round_board=KO round_results=KO round_appeals=KO round_own_places=KO
        coordinator_silence_csv coordinator_silence_xlsx coordinator_organisations_csv
        coordinator_organisations_xlsx round_participants_csv=KO round_participants_xlsx=KO
        round_results_csv=KO round_results_xlsx=KO coordinator_matches_csv coordinator_matches_xlsx
        coordinator_placements_csv coordinator_placements_xlsx tasks_csv tasks_xlsx
    """,
    ("coordinator_or_network", "form"): """
        coordinator_offers_decide coordinator_matches_decide coordinator_offer=KO+NA! coordinator_placement=KO
        coordinator_match=KO organisation_confirm=KO+NA
    """,
    ("coordinator_or_network", "post"): """
        unclaimed_offer=KO unclaimed_decline=KO unclaimed_invite=KO claim_decide=KO
        organisation_unconfirm=KO+NA
        coordinator_offers_undo coordinator_matches_undo coordinator_match_approve=KO coordinator_match_guardian=KO
        coordinator_end_accept=KO coordinator_end_decline=KO task_close=KO
    """,
    ("coordinator_or_network", "read"): """
        coordinator_offers coordinator_matches coordinator_placements tasks coordinator_offers_csv
        coordinator_offers_xlsx coordinator_silence coordinator_unclaimed
    """,
    ("employer", "form"): """
        employer_organisation=CO+CM employer_workplace_new employer_workplace=CO+CM employer_team employer_offer_new
        employer_offer_edit=CO+CM+C2! employer_round_rank=CO+CM employer_imports
    """,
    ("employer", "post"): """
        employer_member_role=CO+CM! employer_member_remove=CO+CM! invitation_withdraw=CO+CM
        employer_offer_copy=CO+CM+C2! employer_offer_submit=CO+CM+C2! employer_offer_pause=CO+CM+C2!
        employer_offer_resume=CO+CM+C2! employer_offer_close=CO+CM+C2! employer_application_offer=CO+CM
        employer_application_undo=CO+CM
        employer_application_ask=CO+CM employer_application_waitlist=CO+CM employer_application_decline=CO+CM
        placement_rest=CO+CM
    """,
    ("employer", "read"): """
        employer_home employer_workplaces employer_placements employer_offers employer_offer=CO+CM+C2! employer_pin_map
        employer_applicants=CO+CM+C2! employer_applicants_csv=CO+CM+C2! employer_applicants_xlsx=CO+CM+C2!
        employer_application=CO+CM employer_rounds employer_offers_csv employer_offers_xlsx
        employer_workplaces_csv employer_workplaces_xlsx employer_placements_csv employer_placements_xlsx
        employer_team_csv employer_team_xlsx
    """,
    ("employer_or_coordinator", "form"): """
        tokens import_check=CO+CM webhooks webhook=CO
    """,
    ("employer_or_coordinator", "post"): """
        placement_first_day=CO+CM+KO placement_new_supervisor=CO+CM+KO
        token_revoke=CO import_run=CO+CM import_undo=CO+CM import_discard=CO+CM webhook_pause=CO
        webhook_resume=CO webhook_trial=CO webhook_delete=CO webhook_replay=CO
    """,
    ("employer_or_coordinator", "read"): """
        import=CO+CM import_rejected_csv=CO+CM import_rejected_xlsx=CO+CM import_template_csv
        import_template_xlsx
    """,
    ("guardian", "post"): """
        guardian_consent=GU guardian_withdraw=GU
    """,
    ("guardian", "read"): """
        guardian_home
    """,
    ("logged_in", "form"): """
        profile connections proof sessions own_data account_close second_factor second_factor_app second_factor_passkey
        student_profile=NB+ST+CO+KO! apply=NB+ST+CO+KO! alert_new=NB+ST+CO+KO!
        alert=ST+KO! placement_end_ask=CO+CM invitation=NB organisation_claim role_invitation=NB
        organisation_contacts=CO+CM+KO organisation_contact=CO+CM+KO notification_settings reach calendar
    """,
    ("logged_in", "post"): """
        notifications_read_all draft_autosave draft_throw_away reach_trust reach_trial reach_browser
        reach_browser_remove=ST organisation_contact_remove=CO+CM+KO
    """,
    ("logged_in", "read"): """
        home welcome unsent alerts own_data_file=ST second_factor_codes placement=CO+CM+KO go=ST+CO+KO notifications notification=ST
        notifications_csv notifications_xlsx
    """,
    ("network", "form"): """
        network_members network_grants retention_defaults network_people network_second_factor
    """,
    ("network", "post"): """
        network_member_end=NA network_grant_revoke=NA network_resend=NA network_role_pause=NA
        network_role_resume=NA network_role_end=NA network_invitation_resend=NA network_invitation_withdraw=NA
    """,
    ("network", "read"): """
        network_home network_invariants network_effect network_effect_csv network_effect_xlsx network_jobs
        network_undelivered network_undelivered_csv network_undelivered_xlsx network_home_csv
        network_home_xlsx network_members_csv network_members_xlsx network_jobs_csv network_jobs_xlsx
    """,
    ("public", "off get"): """
        openid_start openid_answer
    """,
    ("public", "off"): """
        gallery demo_tour demo_codes caught_mails caught_mail caught_mail_html sitemap_part calendar_file
    """,
    ("public", "off form"): """
        unsubscribe second_factor_stop
    """,
    ("public", "off post"): """
        demo_login sms_reports
    """,
    ("public", "off report"): """
        mail_reports
    """,
    ("public", "closed"): """
        /konto/password/<path:rest> /konto/reauthenticate/
    """,
    ("public", "form"): """
        guardian_link employer_register
    """,
    ("public", "post"): """
        set_language
    """,
    ("public", "read"): """
        contact api_docs start search offer municipality skills skills_of how_it_works for_employers
        for_municipalities privacy accessibility embed_help embed robots sitemap service_worker health ready
        search_csv search_xlsx feed_training feed_internships feed_municipality feed_form open_data
        open_places_csv open_places_json open_figures_csv open_figures_json open_skills_csv open_skills_json
    """,
    ("student", "form"): """
        student_guardians=ST student_round_own_place=SC
    """,
    ("student", "post"): """
        student_guardian_remove=ST suggestion_dismiss=ST student_accept=ST student_withdraw=ST
        student_turn_down=ST student_change=ST alert_pause=ST alert_delete=ST
        student_round_join=ST+SC student_round_leave=SC student_round_wish=SC student_round_answer=ST
        student_round_appeal=ST
    """,
    ("student", "read"): """
        student_home suggestions student_applications student_applications_csv student_applications_xlsx
        student_application=ST student_rounds student_round=ST+SC student_round_demand=SC suggestions_csv
        suggestions_xlsx alerts_csv alerts_xlsx
    """,
    ("public", "code"): """
        /konto/login/code/confirm/ /konto/confirm-email/ mfa_authenticate account_signup account_request_login_code
    """,
}


@dataclass(frozen=True)
class Door:
    """owners: whose row it is. forbidden: those who may know of it, but not this."""

    kind: str
    page: str
    owners: frozenset[str] = frozenset()
    forbidden: frozenset[str] = frozenset()


def table() -> dict[str, Door]:
    """By the route's name; the two without a name by their address."""
    found: dict[str, Door] = {}
    for (kind, page), lines in DOORS.items():
        for word in lines.split():
            name, _equals, people = word.partition("=") if not word.startswith("/") else (word, "", "")
            names = people.split("+") if people else []
            assert name not in found, name
            found[name] = Door(
                kind,
                page,
                frozenset(each for each in names if not each.endswith("!")),
                frozenset(each[:-1] for each in names if each.endswith("!")),
            )
    return found
