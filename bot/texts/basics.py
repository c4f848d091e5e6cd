"""Greetings, help, messages kept, and being handed to a person."""

from __future__ import annotations

import re
from datetime import datetime

from bot.replies import Say, Tap
from bot.texts import HELP, HUMAN, REFUSALS
from bot.texts.times import clock, month_day
from core.clock import local

WELCOME = Say(
    "你好，这里是工会「幸福牵手」，也是你的娘家。\n想认识人，扫墙上的卡片，或回“找对象”；约咨询、报考试也在这里。",
    (Tap("找对象"), Tap("预约"), Tap("考试"), Tap("我的资料卡"), HELP),
)
WELCOME_BACK = Say("你回来啦，之前的都还在。", (Tap("我的资料卡"), Tap("我的消息"), HELP))
NOT_UNDERSTOOD = Say(
    "这句我没听懂。想办什么，点下面的就行，也可以找人工。",
    (Tap("找对象"), Tap("预约"), Tap("考试"), HELP, HUMAN),
)
PASSED_ON = Say("收到，这句话也转给工作人员了，会回你的。想先办别的，点下面的就行。", (HELP,))
YOU_ARE_WELCOME = Say("不客气，有事随时说。", (HELP,))
ONLY_TEXT = Say("这类消息我还看不了，打几个字告诉我就好。", (HELP, HUMAN))
ONLY_PHOTOS = Say("这一项要的是照片，这个我收不了。", (HELP, HUMAN))
CODE_UNKNOWN = Say("这个码已经用不了了。想办什么，直接告诉我。", (HELP,))
HANDED_OVER = Say("好，工作人员看到就来找你，一般在工作时间两小时内。\n这期间想办别的，照常说就行。", (HELP,))
NO_MESSAGES = Say("这里还没有消息。有人回应、有结果了都会放在这儿。", (Tap("找对象"),))
MESSAGE_GONE = Say("这条消息已经过期了。", (Tap("我的消息"),))
NOTHING_MORE = Say("后面没有了。", (HELP,))
NOTHING_PENDING = Say("现在没有填到一半的。想办什么，直接告诉我。", (HELP,))
NOTHING_TO_LEAVE = Say("好。想办什么，随时告诉我。", (HELP,))


def help_lines(lines: list[tuple[str, str]]) -> Say:
    """帮助: the words that open a door, each a tap itself, and what is behind it."""
    shown = "\n".join(f"{Tap(word).render()}：{what}" for word, what in lines)
    return Say(f"点一下，或直接打字：\n{shown}", is_rendered=True)


def on_a_page(url: str) -> Say:
    """The way to the pages."""
    return Say("填表、看预约和报名、改资料，网页里也行。", (Tap("打开网页", url=url),))


def mine(url: str) -> Say:
    """我的: where each of it is, and the page that has all of it."""
    words = ("我的资料卡", "我的收藏", "我的预约", "我的报名", "我的消息")
    return Say("想看哪一样？", (*map(Tap, words), Tap("在网页里看全部", url=url)))


MESSAGE_LENGTH = 22
_LINK = re.compile(r"</?a\b[^>]*>")


def messages(shown: list[tuple[int, str, str]], *, is_more: bool) -> Say:
    """我的消息: of each notice (id, when, words) the beginning, and a tap for those that go on."""
    lines, taps = [], []
    for number, (notice_id, when, words) in enumerate(shown, start=1):
        first, _, rest = _LINK.sub("", words).partition("\n")
        if first.endswith("："):
            first += rest.partition("\n")[0]
        is_cut = first != words or len(first) > MESSAGE_LENGTH
        lines.append(f"{number}. {when} {first[:MESSAGE_LENGTH] + '…' if is_cut else first}")
        if is_cut:
            taps.append(Tap(f"看 {number}", id=f"message.{notice_id}"))
    if is_more:
        taps.append(Tap("更早的"))
    return Say("你的消息：\n" + "\n".join(lines), tuple(taps))


def moment(at: datetime, *, now: datetime) -> str:
    """When something was told."""
    is_today = local(at).date() == local(now).date()
    return f"今天 {clock(at)}" if is_today else month_day(at)


WHILE_AWAY = "—— 你不在的时候 ——"

REFUSALS |= {"nothing": NOT_UNDERSTOOD}
