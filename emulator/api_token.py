"""access_token: `/cgi-bin/token` and `/cgi-bin/stable_token`."""

from __future__ import annotations

from typing import Any

from .calls import Call, Calls
from .errors import Refused
from .records import Json, Token
from .tokens import LIFETIME, OVERLAP, current, issue
from .world import World

calls = Calls()
FORCE_PAUSE = 30
FORCE_PER_DAY = 20


def check_account(call: Call, appid: Any, secret: Any) -> None:
    """Refused unless AppID, AppSecret and the caller's address are this account's."""
    settings = call.world.settings
    if not appid:
        raise Refused(41002)
    if appid != settings.app_id:
        raise Refused(40013)
    if not secret:
        raise Refused(41004)
    if secret != settings.app_secret:
        raise Refused(40125)
    if settings.ip_allow_list and call.remote not in settings.ip_allow_list:
        raise Refused(40164, f"invalid ip {call.remote} ipv6 ::ffff:{call.remote}, not in whitelist")


@calls.get("/cgi-bin/token", token=False, quota="token")
def token(call: Call) -> Json:
    """A new token each time; the one before lives 5 minutes more."""
    if call.query.get("grant_type") != "client_credential":
        raise Refused(40002)
    check_account(call, call.query.get("appid"), call.query.get("secret"))
    return {"access_token": issue(call.world, "token", OVERLAP).value, "expires_in": LIFETIME}


@calls.post("/cgi-bin/stable_token", token=False, quota="stable_token")
def stable_token(call: Call) -> Json:
    """The same token until its last 5 minutes; a forced one replaces it at once."""
    if call.body.get("grant_type") != "client_credential":
        raise Refused(40002)
    check_account(call, call.body.get("appid"), call.body.get("secret"))
    world, now = call.world, call.now
    living = current(world, "stable")
    if call.body.get("force_refresh") is True:
        if living is None or now - float(world.state.misc.get("forced_at", 0)) >= FORCE_PAUSE:
            return answer(world, forced(world, now))
        return answer(world, living)
    if living is None or living.expires_at - now <= OVERLAP:
        living = issue(world, "stable", OVERLAP)
    return answer(world, living)


def forced(world: World, now: float) -> Token:
    if world.state.count("forced", world.clock.day()) >= FORCE_PER_DAY:
        raise Refused(world.settings.force_refresh_error)
    world.state.add_count("forced", world.clock.day())
    world.state.misc["forced_at"] = now
    return issue(world, "stable", 0)


def answer(world: World, token: Token) -> Json:
    left = max(OVERLAP, round(token.expires_at - world.clock.now()))
    return {"access_token": token.value, "expires_in": left}
