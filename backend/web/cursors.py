"""Pages of a list by cursor, as the API has them too."""

from backend.common.cursors import Page, page_of

__all__ = ["Page", "page_of"]
