"""Where people come back from WeChat's OAuth page."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from bot.platform_errors import CallFailed, PlatformError
from core.redis import LOST
from rules import people
from web.mobile import words
from web.mobile.gate import Door, Pages, Visit, going_on, page

pages = Pages("doors")
USED = (40029, 40163, 42003)
"""What WeChat says of a code that is none, was used, or is too old."""


@pages.route("/oauth", needs=Door.PUBLIC, limit="600/minute")
def oauth(visit: Visit) -> Any:
    """Back with a code: who it is, once, and on to the page that was asked for."""
    going = going_on(request.args.get("state", "")[:128], visit.now)
    if going is None:
        if visit.is_in:  # somebody went back in the browser's history
            return redirect(url_for("mobile.home.index"))
        return _sorry(words.USED_LINK, 400)
    code = request.args.get("code", "")
    if not code:
        return _sorry(words.DECLINED, 403, going)
    visit.db.rollback()  # WeChat is asked outside any transaction
    try:
        visitor = visit.client.visitor_of(code[:512])
        if visitor.is_snapshot:
            return _sorry(words.SNAPSHOT, 200)
        is_following = people.is_known(visit.db, visitor.openid) or _follows(visit, visitor.openid)
    except PlatformError as error:
        return _sorry(words.USED_LINK, 400, going) if error.code in USED else _down(going)
    except (CallFailed, *LOST):
        return _down(going)
    worker = people.arrive(visit.db, visitor.openid, is_following=is_following, now=visit.now)
    visit.keep_login(worker)
    return redirect(going)


def _follows(visit: Visit, openid: str) -> bool:
    """Whether somebody new follows. In doubt they do: a notice that finds nobody is kept, one never sent is lost."""
    visit.db.rollback()
    try:
        return visit.client.follows(openid)
    except (CallFailed, *LOST):
        return True


def _down(going: str) -> Any:
    return _sorry(words.PLATFORM_DOWN, 503, going)


def _sorry(said: tuple[str, str], status: int, going: str = "") -> Any:
    return page("sorry.html", status, head=said[0], said=said[1], going=going or url_for("mobile.home.index"))
