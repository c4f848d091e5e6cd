"""/m/: what can be done on a page."""

from __future__ import annotations

from typing import Any, Final

from forms import FORMS
from web.mobile.forms import unfinished
from web.mobile.gate import Pages, Visit, page

pages = Pages("home")

ENTRIES: Final[tuple[tuple[str, str, str], ...]] = (
    ("我的资料和记录", "mobile.me.index", "资料卡、预约、报名、消息、我的数据"),
    ("我的照片", "mobile.photos.index", "最多六张，审核的人看得到"),
)
"""Further lines of the page: what it is called, its endpoint, and a few words about it."""


@pages.route("/")
def index(visit: Visit) -> Any:
    """The first page."""
    return page(
        "home.html",
        offers=[(FORMS[offer.form], offer.about) for offer in visit.filling.offers()],
        unfinished=unfinished(visit),
        forms=FORMS,
        entries=ENTRIES,
    )
