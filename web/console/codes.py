"""The code that a browser shows for a phone to scan: to log in, to bind a WeChat, to accept an invitation by it."""

from __future__ import annotations

import structlog
from flask import session

from bot.platform_errors import CallFailed
from core.redis import LOST
from qr.scenes import Scene
from rules import logins
from web.console.gate import Desk, say

CODE = "code"
"""Where the browser's cookie keeps which code it shows: its kind, what it says, and the secret or token behind it."""


def show_code(desk: Desk, kind: str, scene: Scene, secret: str) -> bool:
    """Have WeChat make the code and keep it for `doors.code`. False, with words on the next page, when it doesn't."""
    desk.db.commit()  # WeChat is asked outside any transaction
    try:
        url = logins.code_url(desk.client, scene, limits=desk.config.console, now=desk.now)
    except (CallFailed, *LOST) as error:
        structlog.get_logger().warning("no login code", error=type(error).__name__)
        say("微信这会儿没有答应，先用密码登录，或者过一会儿再扫。", "warn")
        return False
    session[CODE] = {"kind": kind, "url": url, "secret": secret}
    return True
