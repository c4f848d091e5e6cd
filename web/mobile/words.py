"""What people read on a page inside WeChat that is not part of a template."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from bot import texts
from bot.texts import exams
from core.clock import local
from core.errors import Refused

ERRORS: Final[Mapping[int, tuple[str, str]]] = MappingProxyType(
    {
        400: ("没有看懂", "回到上一页，再试一次。"),
        403: ("要重新打开一下", "回到聊天里，点菜单再进来就好。"),
        404: ("没有找到", "这一页没有了，或者不是你的。"),
        405: ("不能这样打开", "回到聊天里，点菜单再进来就好。"),
        413: ("内容太大了", "少填一些，或者换一张小点的照片再试。"),
        429: ("点得太快了", "歇一分钟再来，前面填的都在。"),
        500: ("这边出了点问题", "不是你的原因，我们已经记下了。过一会儿再试；急的话回聊天里说“人工”。"),
        503: ("这会儿有点忙", "你填的都还在，过一分钟再试一次。"),
    }
)
STALE_FORM: Final = ("没有提交成功", "这一页放得久了。回到上一页，刷新以后再试一次。")
LOGGED_OUT: Final = ("离开得久了些", "刚才那一步没有记下，之前填的都在。点下面重新打开，再做一次就好。")
USED_LINK: Final = ("这个链接用过了", "点下面重新打开，或者回到聊天里点菜单。")
DECLINED: Final = ("没有打开", "要知道是你，才能给你看你自己的内容。点下面再试一次。")
PLATFORM_DOWN: Final = (
    "微信这会儿没有回应",
    "不是你的原因，过一会儿再试一次。着急的话，在聊天里直接说也能办。",
)
SNAPSHOT: Final = (
    "现在看到的是预览",
    "点屏幕下方的“使用完整服务”，就能打开完整的页面，接着办事。",
)


PHOTO_MISSING: Final = "还没选照片，选好了再点“加上这一张”。"
PHOTO_REMOVED: Final = "去掉了。"
NOT_WRITTEN: Final = "这一项还没写，写一下再点“下一步”。"


def refusal(refused: Refused) -> str:
    """The sentence for a rule's no: the one that the chat says."""
    if refused.code not in texts.REFUSALS:
        return "现在不能这样做。回到上一页，看看最新的情况再试一次。"
    return "\n".join(said.text for said in texts.refused(refused))


def day(moment: datetime | None) -> str:
    """A date, as 2026年11月23日."""
    return f"{local(moment):%Y年%-m月%-d日}" if moment else "—"


def clock(moment: datetime | None) -> str:
    """A moment, as 11月23日 15:30."""
    return f"{local(moment):%-m月%-d日 %H:%M}" if moment else "—"


PROFILE: Final = MappingProxyType(
    {
        "in_review": "审核中",
        "listed": "已上墙",
        "refused": "没有通过",
        "paused": "暂停中",
        "withdrawn": "撤下了",
    }
)
BOOKING: Final = MappingProxyType({"cancelled": "取消了", "attended": "来过了", "no_show": "没有来"})

FILTERS: Final[Mapping[str, Callable[..., str]]] = MappingProxyType(
    {
        "day": day,
        "clock": clock,
        "profile": lambda state: PROFILE.get(state, state),
        "booking": lambda state: BOOKING.get(state, state),
        "exam": exams.title_of,
    }
)
