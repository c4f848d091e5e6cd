"""/m/: what can be done on a page."""

from __future__ import annotations

from typing import Any, Final

from web.mobile.gate import Pages, Visit, page

pages = Pages("home")

ENTRIES: Final[tuple[tuple[str, str, str], ...]] = ()
"""Further lines of the page: what it is called, its endpoint, and a few words about it."""


@pages.route("/")
def index(visit: Visit) -> Any:
    """The first page."""
    return page("home.html", entries=ENTRIES)
