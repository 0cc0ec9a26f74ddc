"""What each scheduled job does, for people who do not know the code."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

JOBS_IN_WORDS: "dict[str, str | Promise]" = {
    "accounts.clear_sessions": _("Deletes logins that have run out"),
    "accounts.reset_second_factors": _("Resets lost second steps when the wait is over"),
    "api.forget_answers": _("Forgets answers kept for programs"),
    "log.seal": _("Chains what was logged, so that no change stays unseen"),
    "applications.escalate_silence": _("Tells a coordinator of applications that nobody answers"),
    "applications.lapse_changes": _("Ends applications whose changed place nobody answered about"),
    "applications.lapse_ended": _("Ends applications whose weeks are over"),
    "applications.lapse_holds": _("Passes on seats that were not answered in time"),
    "exchange.disable_failing_webhooks": _("Switches off webhooks that do not answer"),
    "exchange.forget_exports": _("Deletes files made for programs"),
    "exchange.forget_imports": _("Deletes uploaded files and what was read of them"),
    "exchange.forget_webhook_deliveries": _("Deletes the record of what was sent to webhooks after 30 days"),
    "notifications.clear_done_work": _("Clears away finished work after 30 days"),
    "notifications.clear_reports": _("Clears away old reports from mail providers"),
    "notifications.expire_overdue": _("Gives up messages that are too late to be of use"),
    "notifications.reconcile": _("The nightly check that every message is on its way"),
    "notifications.gather_mails": _("Puts mails of the same kind together"),
    "notifications.send_digests": _("Sends digest mails"),
    "notifications.send_reminders": _("Sends reminders about what has been left undone"),
    "notifications.settle_reports": _("Reads what mail providers report"),
    "offers.close_overdue": _("Closes places whose last day has passed"),
    "offers.refresh_search_words": _("Renews the words that search corrects typing errors with"),
    "offers.settle_seats": _("Keeps track of free seats for the search"),
    "placements.advance": _("Begins and completes placements on their days"),
    "privacy.forget_data_copies": _("Deletes copies of people’s data that were asked for a week ago"),
    "privacy.weed": _("Deletes what the municipalities’ rules say is no longer kept"),
    "rounds.close": _("Closes rounds when their time is up"),
    "rounds.end_fallen": _("Passes on seats of a round that came to nothing"),
    "rounds.finish": _("Ends rounds whose weeks have begun"),
    "rounds.lapse_results": _("Passes on seats of a round that were not answered in time"),
    "suggestions.refresh": _("Renews suggestions for students"),
}
