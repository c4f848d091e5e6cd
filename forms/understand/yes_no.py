"""Yes and no."""

from __future__ import annotations

import re

from forms.understand.outcome import Reading, Unclear, Understood, tidy

_YES = frozenset({
    "是", "是的", "对", "对的", "好", "好的", "好吧", "好呀", "好啊", "好嘞", "行", "行的", "可以",
    "可以的", "嗯", "嗯嗯", "恩", "确定", "确认", "同意", "愿意", "我愿意", "要", "需要", "想", "没问题",
    "没错", "当然", "当然可以", "ok", "okay", "okey", "y", "yes", "有", "有的", "会", "能", "成", "中",
    "没有问题", "正确", "接受", "1", "收到", "已收到", "👌", "👍", "[ok]", "[强]", "[好的]",
})  # fmt: skip
_NO = frozenset({
    "不", "不是", "不是的", "不对", "不好", "不行", "不可以", "不用", "不用了", "不要", "不要了", "不需要",
    "不同意", "不愿意", "不想", "不想了", "不了", "否", "没", "没有", "没有的", "不会", "不能", "不成",
    "算了", "错", "错了", "不正确", "不接受", "拒绝", "n", "no", "nope", "不确认", "2", "没收到", "👎",
    "[弱]",
})  # fmt: skip
_UNSURE = frozenset({
    "不确定", "不知道", "不清楚", "随便", "都可以", "都行", "无所谓", "看情况", "再说", "再想想",
    "考虑一下", "可能", "也许", "或许", "不一定", "待定",
})  # fmt: skip
_POLITE = re.compile(r"[\s,.!?。~、…]+|谢谢你?|多谢|麻烦了|[的吧呀啊哦哈呢嘛]+$")


def yes_no(text: str) -> Reading[bool]:
    """Yes or no, in words, as 1 and 2, or as a thumb.

    Unclear: `unsure` (不确定, 随便), `not_yes_or_no` (anything else: a question such as 可以吗 is no yes).
    """
    said = tidy(text)
    for form in (said, _POLITE.sub("", said)):
        if form in _UNSURE:
            return Unclear("unsure")
        if form in _YES:
            return Understood(True)
        if form in _NO:
            return Understood(False)
    return Unclear("not_yes_or_no")
