"""Greetings, help, messages kept, and being handed to a person."""

from __future__ import annotations

from bot.replies import Say, Tap
from bot.texts import HELP, HUMAN, REFUSALS

WELCOME = Say(
    "你好，这里是工会「幸福牵手」，也是你的娘家。\n想认识人，扫墙上的卡片，或回“找对象”。",
    (Tap("找对象"), Tap("我的资料卡"), HELP),
)
WELCOME_BACK = Say("你回来啦，之前的都还在。", (Tap("我的资料卡"), Tap("我的消息"), HELP))
NOT_UNDERSTOOD = Say("这句我没听懂。想办什么，点下面的就行，也可以找人工。", (Tap("找对象"), HELP, HUMAN))
ONLY_TEXT = Say("这类消息我还看不了，打几个字告诉我就好。", (HELP, HUMAN))
CODE_UNKNOWN = Say("这个码已经用不了了。想办什么，直接告诉我。", (HELP,))
HANDED_OVER = Say("好，工作人员看到就来找你，一般在工作时间两小时内。急事可以直接打服务台电话。")
NO_MESSAGES = Say("这里还没有消息。有人回应、有结果了都会放在这儿。", (Tap("找对象"),))
NOTHING_MORE = Say("后面没有了。", (HELP,))
NOTHING_PENDING = Say("现在没有填到一半的。想办什么，直接告诉我。", (HELP,))
NOTHING_TO_LEAVE = Say("好。想办什么，随时告诉我。", (HELP,))


def help_lines(lines: list[tuple[str, str]]) -> Say:
    """帮助: the words that open a door, and what is behind it."""
    shown = "\n".join(f"{word}：{what}" for word, what in lines)
    return Say(f"点一下，或直接打字：\n{shown}", tuple(Tap(word) for word, _ in lines))


def messages(lines: list[str], *, is_more: bool) -> Say:
    """我的消息."""
    return Say("你的消息：\n" + "\n".join(lines), (Tap("更早的"),) if is_more else ())


WHILE_AWAY = "—— 你不在的时候 ——"

REFUSALS |= {"nothing": NOT_UNDERSTOOD}
