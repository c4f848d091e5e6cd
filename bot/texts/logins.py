"""Coming into the staff's pages from the phone: the code of a login page, and which WeChat is whose."""

from __future__ import annotations

from datetime import datetime
from types import MappingProxyType
from typing import Final

from bot.replies import Say, Tap
from bot.texts import HELP, REFUSALS
from bot.texts.basics import CODE_UNKNOWN
from core.clock import local

ROLES: Final = MappingProxyType(
    {
        "clerk": "经办",
        "reviewer": "审核",
        "manager": "主任",
        "administrator": "系统管理员",
        "professional": "专业人士",
        "duty": "值班",
    }
)
WAYS: Final = MappingProxyType({"password": "密码", "scan": "微信扫码"})
_BROWSERS = (
    ("MicroMessenger/", "微信"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "火狐"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Windows", "Windows"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "安卓"),
    ("HarmonyOS", "鸿蒙"),
    ("OpenHarmony", "鸿蒙"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)

CONFIRMED = Say("已确认，电脑上马上就登录好了。")
DENIED = Say(
    "好，没有登录，这个码也作废了。\n如果有人发码叫你扫，别点确认，告诉系统管理员一声。",
)
BIND_DENIED = Say("好，没有绑定，这个码也作废了。")


def browser(agent: str) -> str:
    """What a browser and its machine are called; never what it says of itself word for word: anybody writes that."""
    names = [next((name for part, name in known if part in agent), "") for known in (_BROWSERS, _SYSTEMS)]
    return " · ".join(filter(None, names)) or "认不出的浏览器"


def confirm(scan_id: int, ip: str, agent: str, made_at: datetime) -> Say:
    """Whether to log in there."""
    return Say(
        "登录确认\n"
        f"地点：{address(ip)}\n"
        f"浏览器：{browser(agent)}\n"
        f"时间：{local(made_at):%m-%d %H:%M}\n"
        "是你自己正在登录后台吗？不是的话千万别确认。",
        (Tap("确认登录", id=f"login_yes.{scan_id}"), Tap("不是我", id=f"login_no.{scan_id}")),
    )


def address(ip: str) -> str:
    """A network address, in the characters that one has."""
    kept = "".join(one for one in ip if one in "0123456789abcdefABCDEF.:")
    return f"网络地址 {kept}" if kept else "网络地址不明"


def bind(binding_id: int, name: str, login: str) -> Say:
    """Whether this WeChat is that member's."""
    return Say(
        f"绑定微信\n把这个微信绑定给后台的 {name}（{login}）？绑定以后，用它扫码就能登录。",
        (Tap("确认绑定", id=f"bind_yes.{binding_id}"), Tap("不是我", id=f"bind_no.{binding_id}")),
    )


def bound(name: str) -> Say:
    """It is."""
    return Say(f"绑定好了，{name}。以后在登录页扫一下，再点“确认登录”就行。")


REFUSALS |= {
    "scan_not_yours": CODE_UNKNOWN,
    "scan_gone": Say("这个登录码已经过期，或者用过了。在电脑上换一个新的再扫。"),
    "scan_confirmed": Say("这次登录已经确认过了，看看电脑上。"),
    "scan_denied": Say("这次登录你点过“不是我”，已经作废。真要登录，在电脑上换一个新的码。"),
    "scan_used": Say(
        "这次登录已经完成了。如果不是你，马上告诉系统管理员，请他结束这次登录。",
        (HELP,),
    ),
    "bind_gone": CODE_UNKNOWN,
    "worker_taken": Say("这个微信已经绑定了另一位工作人员。要换，请先找系统管理员重设那边的登录。"),
}
