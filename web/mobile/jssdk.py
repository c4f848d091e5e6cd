"""/m/jssdk: the signature by which a page of ours may use WeChat's JS-SDK (scanning, subscription tags)."""

from __future__ import annotations

import secrets
from typing import Any

from flask import request
from werkzeug.exceptions import BadRequest, ServiceUnavailable

from bot.jssdk import signature
from bot.platform_errors import CallFailed
from core.redis import LOST
from web.mobile.gate import ROOT, Pages, Visit

pages = Pages("jssdk")
LONGEST = 1000


@pages.route("/jssdk")
def sign(visit: Visit) -> Any:
    """Sign the page that asks. Only a page of ours below /m is signed: whoever can sign another speaks in our name."""
    url = request.args.get("url", "").partition("#")[0]
    ours = f"{visit.config.web.base_url.rstrip('/')}{ROOT}/"
    if len(url) > LONGEST or not (url.startswith(ours) and url.isprintable() and "\\" not in url):
        raise BadRequest
    visit.db.rollback()  # WeChat may be asked, outside any transaction
    try:
        ticket = visit.client.page_ticket()
    except (CallFailed, *LOST):
        raise ServiceUnavailable from None
    nonce, timestamp = secrets.token_hex(8), int(visit.now.timestamp())
    return {
        "appId": visit.config.wechat.app_id,
        "timestamp": timestamp,
        "nonceStr": nonce,
        "signature": signature(ticket, nonce=nonce, timestamp=timestamp, url=url),
    }
