"""Web authorisation (网页授权): the page that WeChat shows, and the sns calls."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from html import escape
from itertools import islice
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from aiohttp import web

from .api_token import check_account
from .calls import Call, Calls
from .errors import Refused
from .records import Json, Person
from .world import WORLD, World

calls = Calls()

AUTHORIZE = "/connect/oauth2/authorize"


def phone_url(world: World, person: Person, url: str) -> str:
    """The address a phone's frame loads for a link: authorisation goes to this server, as this person."""
    parts = urlsplit(url)
    if parts.path != AUTHORIZE:
        return url
    query = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if k != "emulator_person"]
    query.append(("emulator_person", str(person.id)))
    return urlunsplit(("", "", AUTHORIZE, urlencode(query), ""))


# the page


def code_for(world: World, person: Person, scope: str) -> str:
    """A one-time code for this person."""
    code = secrets.token_urlsafe(24)
    codes: Json = world.state.misc.setdefault("codes", {})
    now = world.clock.now()
    for old in [one for one, row in codes.items() if row["at"] + 86400 < now]:
        del codes[old]
    codes[code] = {"person": person.id, "scope": scope, "at": now, "used": False}
    world.touch()
    return code


async def authorize(request: web.Request) -> web.Response:
    """What opens at /connect/oauth2/authorize: straight back for snsapi_base, a question for userinfo."""
    world: World = request.app[WORLD]
    query = request.query
    problem = mistake(world, query)
    if problem:
        return page("无法打开", f"<p>{escape(problem)}</p>", status=200)
    number = query.get("emulator_person") or request.cookies.get("emulator_person", "")
    person = world.state.person(int(number)) if number.isdigit() else None
    if person is None:
        return page("这是谁的手机？", chooser(world, AUTHORIZE, query))
    scope = query["scope"]
    if scope == "snsapi_userinfo" and query.get("emulator_answer") is None and not person.fact("consented"):
        return page("网页授权", consent(world, query, person))
    if query.get("emulator_answer") == "no":
        return page("网页授权", "<p>你拒绝了授权，可以关闭这个页面了。</p>")
    if scope == "snsapi_userinfo":
        person.rest()["consented"] = True
    parts = urlsplit(query["redirect_uri"])
    pairs = [*parse_qsl(parts.query, keep_blank_values=True), ("code", code_for(world, person, scope))]
    pairs.append(("state", query.get("state", "")))
    target = urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(pairs), ""))
    return web.Response(status=302, headers={"Location": target, "Cache-Control": "no-store"})


def mistake(world: World, query: Mapping[str, str]) -> str:
    """Why the authorisation page does not open, or ''."""
    if query.get("appid") != world.settings.app_id:
        return "AppID 参数错误"
    if query.get("response_type") != "code":
        return "response_type 参数错误"
    if query.get("scope") not in ("snsapi_base", "snsapi_userinfo"):
        return "Scope 参数错误或没有 Scope 权限"
    parts = urlsplit(query.get("redirect_uri", ""))
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "redirect_uri 参数错误"
    domains = world.settings.oauth_domains
    if domains and parts.hostname not in domains:
        return "redirect_uri 域名与后台配置不一致，错误码:10003"
    if not re.fullmatch(r"[A-Za-z0-9]{0,128}", query.get("state", "")):
        return "state 参数错误"
    return ""


def with_query(path: str, query: Mapping[str, str], **more: str) -> str:
    return escape(path + "?" + urlencode({**query, **more}), quote=True)


def chooser(world: World, path: str, query: Mapping[str, str]) -> str:
    """Links to the same page, one for each phone."""
    links = [
        f'<p><a href="{with_query(path, query, emulator_person=str(person.id))}">{escape(person.nickname)}</a></p>'
        for person in islice(world.state.phones(), 50)
    ]
    return "".join(links) or "<p>还没有手机，请先在模拟器里添加一部。</p>"


def consent(world: World, query: Mapping[str, str], person: Person) -> str:
    yes = with_query(AUTHORIZE, query, emulator_person=str(person.id), emulator_answer="yes")
    no = with_query(AUTHORIZE, query, emulator_person=str(person.id), emulator_answer="no")
    return (
        f"<p>「{escape(world.settings.account_name)}」申请获取你的昵称和头像</p>"
        f'<p><a class="yes" href="{yes}">允许</a></p><p><a href="{no}">拒绝</a></p>'
    )


def page(title: str, inside: str, status: int = 200) -> web.Response:
    style = (
        "body{font:16px/1.6 sans-serif;text-align:center;padding:3em 1em;margin:0}"
        "a{color:#576b95;text-decoration:none}.yes{display:inline-block;background:#07c160;color:#fff;"
        "padding:.5em 3em;border-radius:6px}"
    )
    text = (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style><h3>{escape(title)}</h3>{inside}</html>"
    )
    return web.Response(text=text, content_type="text/html", status=status)


# the calls


def user_token(call: Call, person: int, scope: str) -> Json:
    """A fresh user-level token with its refresh token."""
    state, now = call.world.state, call.now
    access, refresh = "92_" + secrets.token_urlsafe(60), "92_" + secrets.token_urlsafe(60)
    tokens: Json = state.misc.setdefault("user_tokens", {})
    refreshes: Json = state.misc.setdefault("user_refreshes", {})
    for kept in (tokens, refreshes):
        for old in [one for one, row in kept.items() if row["expires_at"] + 86400 < now]:
            del kept[old]
    tokens[access] = {"person": person, "scope": scope, "expires_at": now + 7200}
    refreshes[refresh] = {"person": person, "scope": scope, "expires_at": now + 30 * 86400}
    return answer_token(call, access, refresh, person, scope)


def answer_token(call: Call, access: str, refresh: str, person: int, scope: str) -> Json:
    found = call.world.state.person(person)
    answer: Json = {
        "access_token": access,
        "expires_in": 7200,
        "refresh_token": refresh,
        "openid": found.openid if found else "",
        "scope": scope,
    }
    if found and found.fact("looks_only"):  # sees a snapshot of the page (快照页) until it asks for all of it
        answer |= {"openid": f"snapshot-{found.id}", "is_snapshotuser": 1}
    return answer


@calls.get("/sns/oauth2/access_token", token=False, quota="sns")
def exchange(call: Call) -> Json:
    """The OpenID behind a code, once, within five minutes."""
    if call.query.get("grant_type") != "authorization_code":
        raise Refused(40002)
    check_account(call, call.query.get("appid"), call.query.get("secret"))
    code = call.query.get("code")
    if not code:
        raise Refused(41008)
    row = call.world.state.misc.get("codes", {}).get(code)
    if row is None:
        raise Refused(40029)
    if row["used"]:
        raise Refused(40163)
    if call.now - row["at"] >= 300:
        raise Refused(call.world.settings.late_code_error)
    row["used"] = True
    return user_token(call, row["person"], row["scope"])


@calls.get("/sns/oauth2/refresh_token", token=False, quota="sns")
def refresh(call: Call) -> Json:
    if call.query.get("grant_type") != "refresh_token":
        raise Refused(40002)
    if call.query.get("appid") != call.world.settings.app_id:
        raise Refused(40013)
    value = call.query.get("refresh_token")
    if not value:
        raise Refused(41003)
    row = call.world.state.misc.get("user_refreshes", {}).get(value)
    if row is None:
        raise Refused(40030)
    if row["expires_at"] <= call.now:
        raise Refused(42002)
    access = "92_" + secrets.token_urlsafe(60)
    tokens: Json = call.world.state.misc.setdefault("user_tokens", {})
    tokens[access] = {"person": row["person"], "scope": row["scope"], "expires_at": call.now + 7200}
    return answer_token(call, access, value, row["person"], row["scope"])


def user_of(call: Call) -> tuple[Person, str]:
    """The person and scope of a user-level token, which must be this OpenID's."""
    value = call.query.get("access_token")
    if not value:
        raise Refused(41001)
    row = call.world.state.misc.get("user_tokens", {}).get(value)
    if row is None:
        raise Refused(40001)
    if row["expires_at"] <= call.now:
        raise Refused(42001)
    person = call.world.state.person(row["person"])
    if person is None or call.query.get("openid") != person.openid:
        raise Refused(40003)
    return person, row["scope"]


@calls.get("/sns/auth", token=False, quota="sns", reads=True)
def check(call: Call) -> None:
    user_of(call)


@calls.get("/sns/userinfo", token=False, quota="sns", reads=True)
def user_info(call: Call) -> Json:
    person, scope = user_of(call)
    if scope != "snsapi_userinfo":
        raise Refused(48001)
    return {
        "openid": person.openid,
        "nickname": person.nickname,
        "sex": 0,
        "province": "",
        "city": "",
        "country": "",
        "headimgurl": "",
        "privilege": [],
    }
