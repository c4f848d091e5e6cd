"""The link of 导出我的数据: whoever has it takes the file away, once. For any browser, as WeChat's keeps no files."""

from __future__ import annotations

from typing import Any

from rules.persons import links
from web.mobile.gate import Door, Pages, Visit, page
from web.parts.archive import own

pages = Pages("export")


@pages.route("/export/<token>", needs=Door.PUBLIC)
def by_link(visit: Visit, token: str) -> Any:
    """To look uses nothing up; the button does."""
    return page("export.html", is_open=links.is_open(visit.db, token, now=visit.now), token_of=token)


@pages.route("/export/<token>/file", needs=Door.PUBLIC, methods=("POST",), limit="20/minute")
def file(visit: Visit, token: str) -> Any:
    """The file."""
    if not links.is_open(visit.db, token, now=visit.now):
        return page("export.html", 410, is_open=False, token_of=token)
    worker = links.use(visit.db, token, now=visit.now)
    return own(visit.db, worker, config=visit.config, now=visit.now)
