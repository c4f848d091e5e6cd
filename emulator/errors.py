"""Error codes as live answers carry them."""

from __future__ import annotations

import os
from typing import Any

MESSAGES = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest, could get access_token by "
    "getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40004: "invalid media type",
    40005: "invalid file type",
    40006: "invalid meida size",
    40007: "invalid media_id",
    40008: "invalid message type",
    40009: "invalid image size",
    40010: "invalid voice size",
    40011: "invalid video size",
    40012: "invalid thumb size",
    40013: "invalid appid",
    40014: "invalid access_token",
    40016: "invalid button size",
    40017: "invalid button type",
    40018: "invalid button name size",
    40019: "invalid button key size",
    40020: "invalid button url size",
    40022: "invalid sub button level",
    40023: "invalid sub button size",
    40024: "invalid sub button type",
    40025: "invalid sub button name size",
    40026: "invalid sub button key size",
    40027: "invalid sub button url size",
    40029: "invalid code",
    40030: "invalid refresh_token",
    40031: "invalid openid list",
    40032: "invalid openid list size",
    40033: "invalid charset. please check your request, if include \\uxxxx will create fail!",
    40035: "invalid args",
    40037: "invalid template_id",
    40039: "invalid url size",
    40052: "invalid action name",
    40053: "invalid action info, please check document",
    40054: "invalid sub button url domain",
    40055: "invalid button url domain",
    40066: "invalid url",
    40097: "invalid args",
    40125: "invalid appsecret",
    40137: "invalid image format",
    40163: "code been used",
    40201: "callback url not set",
    40202: "invalid action",
    40203: "invalid check_operator",
    40246: "invalid keyword list",
    40249: "template content not allowed",
    41001: "access_token missing",
    41002: "appid missing",
    41003: "refresh_token missing",
    41004: "appsecret missing",
    41005: "media data missing",
    41006: "media_id missing",
    41008: "missing code",
    41009: "missing openid",
    41030: "invalid page",
    42001: "access_token expired",
    42002: "refresh_token expired",
    42003: "code expired",
    43001: "require GET method",
    43002: "require POST method",
    43004: "require subscribe",
    43019: "require remove blacklist",
    43101: "user refuse to accept the msg",
    43116: "template restricted",
    44001: "empty media data",
    44002: "empty post data",
    44003: "empty news data",
    44004: "empty content",
    44005: "empty list size",
    45001: "media size out of limit",
    45002: "content size out of limit",
    45003: "title size out of limit",
    45004: "description size out of limit",
    45005: "url size out of limit",
    45006: "picurl size out of limit",
    45008: "article size out of limit",
    45009: "reach max api daily quota limit",
    45010: "create menu limit",
    45011: "api minute-quota reach limit  mustslower  retry next minute",
    45015: "response out of time limit or subscription is canceled",
    45029: "qrcode count out of limit",
    45047: "out of response count limit",
    45056: "too many tag now, no need to add new",
    45057: "can't modify tag with too many fans",
    45058: "can't modify sys tag",
    45059: "can not add tag to user over limit",
    45064: "no permission to use weapp in menu",
    45072: "invalid command",
    45080: "need recent interaction",
    45081: "already typing",
    45157: "invalid tag name",
    45158: "tag name too long",
    45159: "invalid tag id",
    46003: "menu no exist",
    46004: "user no exist",
    47001: "data format error",
    47003: "argument invalid!",
    48001: "api unauthorized",
    48002: "user block receive message",
    48006: "forbid to clear quota because of reaching the limit",
    49003: "not match openid with appid",
    65301: "menuid not exist",
    65302: "no such user",
    65303: "no default menu",
    65304: "match rule empty",
    65305: "conditional menu count limit",
    65308: "no action for button",
    65316: "too many url domains",
    65317: "invalid url",
    65320: "invalid match rule field",
    65400: "customer service not open",
    65401: "invalid kf_account",
    65413: "no session",
    76001: "rid not exist",
    76002: "rid format error",
    76021: "cgi_path not found",
    76022: "no permission of this cgi_path",
    200011: "template banned",
    200012: "template count out of limit",
    200014: "invalid tid",
    200016: "invalid start",
    200017: "invalid limit",
    200018: "invalid ids",
    200020: "invalid kidList",
    200021: "invalid sceneDesc",
    200022: "duplicate template",
}


class Refused(Exception):
    """The platform's no to one API call."""

    def __init__(self, errcode: int, detail: str | None = None, **extra: Any) -> None:
        super().__init__(errcode, detail)
        self.errcode = errcode
        self.detail = detail
        self.extra = extra

    def body(self, rid: str) -> dict[str, Any]:
        """The answer as JSON values; errmsg ends in the rid as live ones do."""
        text = self.detail if self.detail is not None else MESSAGES.get(self.errcode, "error")
        return {"errcode": self.errcode, "errmsg": f"{text} rid: {rid}", **self.extra}


def new_rid(now: float) -> str:
    """A request id in the live form: three groups of eight hex digits, the first one the time."""
    random = os.urandom(8).hex()
    return f"{int(now) & 0xFFFFFFFF:08x}-{random[:8]}-{random[8:]}"
