"""The main job, played on a real place through the commands the interface uses, while the service runs.

Nothing here does a worker's work: suggestions, mails, the refilled seat and the followed decision are only waited for.
"""

from backend.ops.walkthrough.journey import walk
from backend.ops.walkthrough.timeline import NotSeenError, Timeline

__all__ = ["NotSeenError", "Timeline", "walk"]
