"""Lengths of time: 半小时, 一个半小时, 90分钟, 三天."""

from __future__ import annotations

import re
from decimal import Decimal

from forms.understand.numbers import values

_N = r"[0-9.]{1,6}|[一二两三四五六七八九十百零〇廿]{1,5}|半"
_UNITS = {
    "周": 7 * 24 * 60, "星期": 7 * 24 * 60, "礼拜": 7 * 24 * 60, "天": 24 * 60, "日": 24 * 60, "d": 24 * 60,
    "小时": 60, "钟头": 60, "h": 60, "hour": 60, "hours": 60,
    "刻钟": 15, "分钟": 1, "分": 1, "min": 1, "mins": 1, "m": 1,
}  # fmt: skip
_UNIT = "|".join(sorted(_UNITS, key=len, reverse=True))
PIECE = rf"(?:{_N})\s{{0,2}}(?:个半|个)?\s{{0,2}}(?:{_UNIT})(?:半)?"
_ONE = re.compile(
    rf"(?P<n>{_N})\s{{0,2}}(?P<half>个半|个)?\s{{0,2}}(?P<unit>{_UNIT})(?P<more>半(?!小时|天|个))?"
)
_LONGEST = 3660 * 24 * 60


def minutes(text: str) -> list[Decimal]:
    """Every length in minutes that a tidied text such as 一小时二十分 may mean."""
    totals, position = [Decimal(0)], 0
    text = text.strip()
    before = _LONGEST
    while position < len(text):
        m = _ONE.match(text, position)
        if m is None or _UNITS[m["unit"]] >= before:
            return []
        before = _UNITS[m["unit"]]
        counts = [Decimal("0.5")] if m["n"] == "半" else values(m["n"])
        extra = Decimal("0.5") * ((m["half"] == "个半") + bool(m["more"]))
        totals = [total + (count + extra) * before for total in totals for count in counts]
        position = m.end()
        while position < len(text) and text[position] in " 零又":
            position += 1
    return totals if text else []
