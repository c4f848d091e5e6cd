"""The account itself: quotas, request ids, addresses, the callback check, the JS ticket."""

from __future__ import annotations

import asyncio
import re
import secrets
import socket
import time
from typing import Any
from urllib.parse import urlsplit

from . import quotas
from .api_token import check_account
from .calls import Call, Calls
from .errors import Refused
from .records import Json

calls = Calls()

CLEAR_PER_MONTH = 10
CLEAR_ONE_PER_MONTH = 50
TICKET_SECONDS = 7200
RID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}")
OPERATORS = {"CHINANET": "CHINANET", "UNICOM": "UNICOM", "CAP": "CAP", "DEFAULT": "CAP"}


def count_clearing(call: Call) -> None:
    state, month = call.world.state, call.world.clock.month()
    if state.count("clear_quota", month) >= CLEAR_PER_MONTH:
        raise Refused(48006)
    state.add_count("clear_quota", month)


@calls.post("/cgi-bin/clear_quota")
def clear_quota(call: Call) -> None:
    if call.body.get("appid") != call.world.settings.app_id:
        raise Refused(40013)
    count_clearing(call)
    quotas.clear(call.world)


@calls.post("/cgi-bin/clear_quota/v2", token=False)
def clear_quota_by_secret(call: Call) -> None:
    check_account(call, call.body.get("appid"), call.body.get("appsecret"))
    count_clearing(call)
    quotas.clear(call.world)


def quota_of_path(call: Call) -> str:
    path = call.body.get("cgi_path")
    if isinstance(path, str) and path.startswith("/sns/"):
        raise Refused(76022)
    known: dict[str, str | None] = call.world.paths
    if not isinstance(path, str) or path not in known:
        raise Refused(76021)
    return known[path] or path


@calls.post("/cgi-bin/openapi/quota/get", reads=True)
def get_quota(call: Call) -> Json:
    name = quota_of_path(call)
    limit = quotas.limit_of(call.world, name)
    used = call.world.state.count(f"quota:{name}", call.world.clock.day())
    quota = {"daily_limit": limit, "used": used, "remain": max(0, limit - used)}
    answer: Json = {"errcode": 0, "errmsg": "ok", "quota": quota}
    if name in quotas.MINUTELY:
        answer["rate_limit"] = {"call_count": quotas.MINUTELY[name], "refresh_second": 60}
    return answer


@calls.post("/cgi-bin/openapi/quota/clear")
def clear_one_quota(call: Call) -> None:
    name = quota_of_path(call)
    state, month = call.world.state, call.world.clock.month()
    if state.count("clear_one_quota", month) >= CLEAR_ONE_PER_MONTH:
        raise Refused(48006)
    state.add_count("clear_one_quota", month)
    quotas.clear(call.world, name)


@calls.post("/cgi-bin/openapi/rid/get", reads=True)
def explain(call: Call) -> Json:
    rid = call.body.get("rid")
    if not isinstance(rid, str) or not RID.fullmatch(rid):
        raise Refused(76002)
    found = call.world.rids.get(rid)
    if found is None:
        raise Refused(76001)
    if found["invoke_time"] + 7 * 86400 < call.now:
        raise Refused(76004, "rid expired")
    return {"errcode": 0, "errmsg": "ok", "request": found}


@calls.get("/cgi-bin/getcallbackip", reads=True)
def callback_addresses(call: Call) -> Json:
    return {"ip_list": [call.world.settings.host]}


@calls.get("/cgi-bin/get_api_domain_ip", reads=True)
def api_addresses(call: Call) -> Json:
    return {"ip_list": [call.world.settings.host]}


@calls.post("/cgi-bin/callback/check", reads=True)
async def check_callback(call: Call) -> Json:
    """Look the callback host up and try to connect to it."""
    url = call.world.settings.callback_url
    if call.body.get("action") not in ("dns", "ping", "all"):
        raise Refused(40202)
    operator = OPERATORS.get(str(call.body.get("check_operator", "DEFAULT")))
    if operator is None:
        raise Refused(40203)
    if not url:
        raise Refused(40201)
    host, port = urlsplit(url).hostname or "", urlsplit(url).port or 80
    addresses = await look_up(host, port)
    answer: Json = {}
    if call.body["action"] in ("dns", "all"):
        answer["dns"] = [{"ip": one, "real_operator": operator} for one in addresses]
    if call.body["action"] in ("ping", "all"):
        answer["ping"] = [await reach(one, port, operator) for one in addresses]
    return answer


async def look_up(host: str, port: int) -> list[str]:
    try:
        found: Any = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return sorted({str(row[4][0]) for row in found})


async def reach(address: str, port: int, operator: str) -> Json:
    started = time.perf_counter()
    loss = "0%"
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(address, port), 2)
        writer.close()
    except (TimeoutError, OSError):
        loss = "100%"
    spent = f"{(time.perf_counter() - started) * 1000:.3f}ms"
    return {"ip": address, "from_operator": operator, "package_loss": loss, "time": spent}


@calls.get("/cgi-bin/ticket/getticket", quota="jsapi/ticket")
def js_ticket(call: Call) -> Json:
    """The ticket that pages sign with; the same one until it expires."""
    kind = call.query.get("type")
    if kind not in ("jsapi", "wx_card"):
        raise Refused(40097)
    kept: Json = call.world.state.misc.setdefault("js_tickets", {})
    row = kept.get(kind)
    if row is None or row["expires_at"] - call.now < 300:
        row = kept[kind] = {"value": secrets.token_urlsafe(64), "expires_at": call.now + TICKET_SECONDS}
    left = round(row["expires_at"] - call.now)
    return {"errcode": 0, "errmsg": "ok", "ticket": row["value"], "expires_in": left}
