"""Custom menus (自定义菜单), also conditional ones (个性化菜单)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from .calls import Call, Calls
from .errors import Refused
from .menus import menu_of
from .records import Json

calls = Calls()

NEEDS: dict[str, tuple[str, ...]] = {
    "click": ("key",),
    "view": ("url",),
    "miniprogram": ("appid", "pagepath", "url"),
    "scancode_push": ("key",),
    "scancode_waitmsg": ("key",),
    "pic_sysphoto": ("key",),
    "pic_photo_or_album": ("key",),
    "pic_weixin": ("key",),
    "location_select": ("key",),
    "media_id": ("media_id",),
    "view_limited": ("media_id",),
    "article_id": ("article_id",),
    "article_view_limited": ("article_id",),
}
RULE_FIELDS = ("tag_id", "group_id", "client_platform_type")
GONE_FIELDS = ("sex", "country", "province", "city", "language")
MAX_DOMAINS = 3


def size(value: Any) -> int:
    return len(str(value).encode())


def check_buttons(call: Call, buttons: Any) -> list[Json]:
    """The buttons as they will be given back; Refused with the code of the first fault."""
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 3:
        raise Refused(40016)
    return [check_button(call, button, top=True) for button in buttons]


def check_button(call: Call, button: Any, *, top: bool) -> Json:
    if not isinstance(button, dict):
        raise Refused(40016 if top else 40023)
    name = button.get("name")
    if not isinstance(name, str) or not 1 <= size(name) <= (16 if top else 60):
        raise Refused(40018 if top else 40025)
    children = button.get("sub_button")
    if children:
        if not top:
            raise Refused(40022)
        if not isinstance(children, list) or len(children) > 5:
            raise Refused(40023)
        return {"name": name, "sub_button": [check_button(call, child, top=False) for child in children]}
    kind = button.get("type")
    if kind is None:
        raise Refused(65308 if call.body.get("matchrule") is not None else 40017 if top else 40024)
    if not isinstance(kind, str) or kind not in NEEDS:
        raise Refused(40017 if top else 40024)
    kept: Json = {"type": kind, "name": name}
    for field in NEEDS[kind]:
        value = button.get(field)
        check_field(call, field, value, top=top)
        kept[field] = value
    kept["sub_button"] = []
    return kept


def check_field(call: Call, field: str, value: Any, *, top: bool) -> None:
    if field == "key" and (not isinstance(value, str) or not 1 <= size(value) <= 128):
        raise Refused(40019 if top else 40026)
    if field == "url":
        if not isinstance(value, str) or not 1 <= size(value) <= 1024:
            raise Refused(40020 if top else 40027)
        if urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname:
            raise Refused(40055 if top else 40054)
    if field == "media_id":
        media = call.world.state.media.get(str(value))
        if media is None or not media.permanent:
            raise Refused(40007)
    if field in ("appid", "pagepath", "article_id") and not value:
        raise Refused(40035)


def tell(call: Call) -> None:
    call.world.hub.publish("menu", {"button": menu_of(call.world.state, None)})


@calls.post("/cgi-bin/menu/create", quota="menu/create", escapes=False)
def create(call: Call) -> None:
    buttons = check_buttons(call, call.body.get("button"))
    call.world.state.menu = {"button": buttons, "menuid": call.world.state.next_number() % 10**9}
    tell(call)


@calls.get("/cgi-bin/menu/get", quota="menu/get", reads=True)
def get(call: Call) -> Json:
    state = call.world.state
    if state.menu is None:
        raise Refused(46003)
    answer: Json = {"menu": state.menu}
    if state.conditional:
        answer["conditionalmenu"] = state.conditional[::-1]
    return answer


@calls.get("/cgi-bin/menu/delete", quota="menu/delete")
def delete(call: Call) -> None:
    call.world.state.menu = None
    call.world.state.conditional.clear()
    tell(call)


@calls.get("/cgi-bin/get_current_selfmenu_info", quota="menu/get", reads=True)
def current(call: Call) -> Json:
    """The menu with sub-menus wrapped in `list`, as the website's are too."""
    menu = call.world.state.menu
    if menu is None:
        return {"is_menu_open": 0, "selfmenu_info": {"button": []}}
    return {"is_menu_open": 1, "selfmenu_info": {"button": [wrapped(one) for one in menu["button"]]}}


def wrapped(button: Json) -> Json:
    if button.get("type"):
        return {key: value for key, value in button.items() if key != "sub_button"}
    return {"name": button["name"], "sub_button": {"list": [wrapped(one) for one in button["sub_button"]]}}


@calls.post("/cgi-bin/menu/addconditional", quota="menu/addconditional", escapes=False)
def add_conditional(call: Call) -> Json:
    state = call.world.state
    if state.menu is None:
        raise Refused(65303)
    buttons = check_buttons(call, call.body.get("button"))
    rule = call.body.get("matchrule")
    if not isinstance(rule, dict):
        raise Refused(65304)
    if any(rule.get(name) for name in GONE_FIELDS):
        raise Refused(65320)
    kept = {name: str(rule[name]) for name in RULE_FIELDS if rule.get(name)}
    if not kept:
        raise Refused(65304)
    domains = {domain for menu in state.conditional for domain in domains_of(menu["button"])}
    if len(domains | domains_of(buttons)) > MAX_DOMAINS:
        raise Refused(65316)
    menu_id = state.next_number() % 10**9
    state.conditional.append({"button": buttons, "matchrule": kept, "menuid": menu_id})
    tell(call)
    return {"menuid": str(menu_id)}


def domains_of(buttons: list[Json]) -> set[str]:
    found = set()
    for button in buttons:
        if button.get("url"):
            found.add(urlsplit(button["url"]).hostname or "")
        found |= domains_of(button.get("sub_button") or [])
    return found


@calls.post("/cgi-bin/menu/delconditional", quota="menu/delconditional")
def delete_conditional(call: Call) -> None:
    state, menu_id = call.world.state, str(call.body.get("menuid"))
    kept = [menu for menu in state.conditional if str(menu["menuid"]) != menu_id]
    if len(kept) == len(state.conditional):
        raise Refused(65301)
    state.conditional = kept
    tell(call)


@calls.post("/cgi-bin/menu/trymatch", quota="menu/trymatch", reads=True)
def try_match(call: Call) -> Json:
    person = call.world.state.by_openid.get(str(call.body.get("user_id")))
    if person is None or not person.following:
        raise Refused(65302)
    if call.world.state.menu is None:
        raise Refused(65303)
    return {"button": menu_of(call.world.state, person)}
