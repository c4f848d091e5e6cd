"""The few words that mean the same at every step, and how they are told from an answer."""

from __future__ import annotations

import enum
import re

from core.hanzi import fold

_EDGES = " \t\r\n。.,!?~、:;…“”\"'‘’《》「」【】()[]"


class Word(enum.Enum):
    """What a global word asks for. MENU and HELP are answered by the router, the others by the engine."""

    CANCEL = "取消"
    BACK = "返回"
    RESTART = "重来"
    PERSON = "人工"
    MENU = "菜单"
    HELP = "帮助"


_SPOKEN = {
    Word.CANCEL: ("取消", "退出", "不填了", "不报了", "不办了", "不弄了", "算了"),
    Word.BACK: ("返回", "返回上一步", "上一步", "上一项", "上一题", "后退", "退回"),
    Word.RESTART: ("重来", "重新来", "重新开始", "从头来", "重填", "重新填"),
    Word.PERSON: ("人工", "转人工", "人工客服", "人工服务", "找人工"),
    Word.MENU: ("菜单",),
    Word.HELP: ("帮助",),
}
GLOBAL = {spoken: word for word, spokens in _SPOKEN.items() for spoken in spokens}
"""What is typed (after `plain`) -> what it asks for."""

SUBMIT_PLAINLY = frozenset({"提交", "确定"})
"""What also means it once it was submitted; the others answer whatever was said last."""
SUBMIT = SUBMIT_PLAINLY | {"确认", "好", "好的", "是", "是的", "对", "对的", "没问题", "ok"}
KEEP = frozenset({"0", "保留", "0保留", "不变", "不改", "不改了"})
SKIP = frozenset({"跳过", "略过"})
RESUME = frozenset({"接着填", "接着来", "接着报", "继续", "继续填"})
LEAVE = frozenset({"不填了", "不报了", "不办了", "放弃", "取消", "算了", "不要了"})

_CHANGE = re.compile(
    r"\s*(?:我?要|再)?(?:更|修)?改(?:一下)?\s*第?\s*(\d{1,3}(?!\d)|[一二三四五六七八九十]{1,3}(?!下))"
    r"(?:\s*[项項](?!目))?[\s,，:：、]*(.*)",
    re.DOTALL,
)
_DIGITS = {sign: number for number, sign in enumerate("一二三四五六七八九", start=1)}


def plain(text: str) -> str:
    """One spelling for comparing: half-width, simplified, lower case, without blanks and the marks around."""
    return "".join(fold(text).strip(_EDGES).split()).lower()


def change(text: str) -> tuple[int, str] | None:
    """The item and the new value of "改 3", "改８ 也会做饭" or "改第八项"; None when it is nothing like it."""
    found = _CHANGE.fullmatch(text)
    if found is None:
        return None
    return _counted(found[1]), found[2].strip()


def _counted(number: str) -> int:
    """The value of "12", "１２" or "十二"; 0 when it is none."""
    if number.isdecimal():
        return int(number)
    tens, ten, ones = number.partition("十")
    if not ten:
        return _DIGITS.get(number, 0)
    return 10 * _DIGITS.get(tens, 1) + _DIGITS.get(ones, 0)
