"""The whole service from nothing, by page: the first office, a class, an adult, a company, a placement, a round."""

from datetime import timedelta

from backend.ops.walkthrough.allocation import hold_round
from backend.ops.walkthrough.newcomers import Play, begin, import_class, register_adult, register_company
from backend.ops.walkthrough.seats import consent_and_approve, give_and_give_back, post_place, publish_place, suggest
from backend.ops.walkthrough.timeline import Timeline


def walk_from_nothing(site: str, timeline: Timeline) -> None:
    """Plays everything over HTTP against the service at `site`. Raises NotSeenError for the first step that is missing.

    Only the first network office is made by a command. Codes and links are read from the caught mails, as a page.
    """
    play = Play(site, timeline, timeline.timeout)
    try:
        begin(play)
        import_class(play)
        register_adult(play)
        register_company(play)
        title = f"Svetsa i rostfritt {play.stamp}"
        offer = post_place(play, title, play.monday, 1)
        publish_place(play, offer, title)
        suggest(play, offer, title)
        application = give_and_give_back(play, offer, title)
        consent_and_approve(play, application, title)
        titles = [f"Montera pumpar {play.stamp}", f"Mäta gjutgods {play.stamp}"]
        for each in titles:
            publish_place(play, post_place(play, each, play.monday + timedelta(weeks=5), 1), each)
        hold_round(play, titles)
    finally:
        play.close()
