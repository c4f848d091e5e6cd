"""Numbers as people write them: 176, １７６, 一百七, 两万五, 1.5万, 三四个."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Literal, overload

from forms.understand.outcome import Reading, Unclear, settle, tidy

_FORMAL = str.maketrans("零壹贰叁肆伍陆柒捌玖拾佰仟萬億幺俩", "〇一二三四五六七八九十百千万亿一两")
_DIGITS = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {"两": 2} | {str(i): i for i in range(10)}
_HANZI = "〇一二三四五六七八九"
_ONE = "[0-9〇一二两三四五六七八九]"
_SECTION = re.compile(
    rf"(?:(?P<q>{_ONE})千)?(?P<z1>〇?)(?:(?P<b>{_ONE})百)?(?P<z2>〇?)(?:(?P<s>{_ONE})?(?P<ten>十))?(?P<z3>〇?)(?P<g>{_ONE})?"
)
_ARABIC = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,9})?|[0-9]{1,3}(?:,[0-9]{3}){1,5}(?:\.[0-9]{1,9})?")
_SCALED = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)([十百千kw万])")
_PAIR = re.compile("一二|二三|两三|三四|四五|五六|六七|七八|八九")
_SCALE = {"十": 10, "百": 100, "千": 1000, "k": 1000, "万": 10_000, "w": 10_000}

# What may stand around a number without changing it.
_BEFORE = r"(?:大概|大约|差不多|约|一共|总共|共|有|是|就|第|要)*"
_AFTER = r"(?:个人|个|位|人|名|岁|周岁|次|年|天|件|张|份|间|台|桌|号|项|条|本|名额|左右|吧|的)*"
_FRAME = re.compile(rf"{_BEFORE}(?P<core>.*?)(?P<unit>{_AFTER})")


def _section(text: str) -> Decimal | None:
    """A number below ten thousand with its units: 一千二百三十四, 一百七 (170), 一千零五, 十二."""
    found = _SECTION.fullmatch(text)
    if found is None or not text.strip("〇"):
        return None
    q, b, s, g = (_DIGITS[found[k]] if found[k] else 0 for k in ("q", "b", "s", "g"))
    if found["ten"] and not found["s"]:
        s = 1
    zeros = [found[k] for k in ("z1", "z2", "z3")]
    higher = found["q"] or found["b"] or found["ten"]
    if any(zeros) and not higher:
        return None
    if g and not any(zeros) and not found["ten"]:
        if found["b"]:
            s, g = g, 0  # 一百七 is 170
        elif found["q"]:
            b, g = g, 0  # 一千二 is 1200
    return Decimal(q * 1000 + b * 100 + s * 10 + g)


def _exact(text: str) -> Decimal | None:
    """The one value of the text, or None."""
    if _ARABIC.fullmatch(text):
        return Decimal(text.replace(",", ""))
    if text and all(c in _HANZI for c in text):
        return Decimal(int("".join(str(_DIGITS[c]) for c in text))) if len(text) <= 18 else None
    if text == "两":
        return Decimal(2)
    if (scaled := _SCALED.fullmatch(text)) is not None:
        return Decimal(scaled[1]) * _SCALE[scaled[2]]
    for sign, size in (("亿", 10**8), ("万", 10**4)):
        left, found, right = text.partition(sign)
        if found:
            return _joined(left, right, size)
    return _section(text)


def _joined(left: str, right: str, size: int) -> Decimal | None:
    head = _exact(left)
    if head is None or head >= 10**8 or (size == 10**4 and "万" in left):
        return None
    if not right:
        return head * size
    if len(right) == 1 and right in _DIGITS:
        tail: Decimal | None = Decimal(_DIGITS[right] * size // 10)  # 一万二 is 12000
    elif right.startswith("〇"):
        tail = _exact(right.lstrip("〇"))
    elif any(c in "十百千万" for c in right):
        tail = _exact(right)
    else:
        return None
    if tail is None or tail >= size or head != int(head):
        return None
    return head * size + tail


def values(text: str) -> list[Decimal]:
    """Every value the tidied text may have, none if it is no number; 三四 has two, 一二三 one."""
    text = text.translate(_FORMAL).replace("廿", "二十").replace("卅", "三十")
    if len(text) > 40:
        return []
    pairs = list(_PAIR.finditer(text))
    spelled = len(text) > 2 and all(c in _HANZI for c in text)  # 一七八 is read digit by digit
    if len(pairs) == 1 and not spelled:
        start, end = pairs[0].span()
        both = [_exact(text[:start] + digit + text[end:]) for digit in text[start:end]]
        return [v for v in both if v is not None]
    value = _exact(text)
    return [] if value is None else [value]


def whole(text: str) -> int | None:
    """The one whole number of a short piece that a pattern has cut out (三十一, 08, 两), or None."""
    value = _exact(text.translate(_FORMAL).replace("廿", "二十").replace("卅", "三十"))
    return int(value) if value is not None and value == int(value) else None


def _spoken(text: str) -> list[Decimal]:
    """Values with a fraction in words: 三点五, 一个半, 半."""
    if text in ("半", "一半"):
        return [Decimal("0.5")]
    left, point, right = text.partition("点")
    if point and right and all(c in _DIGITS and c != "两" for c in right.translate(_FORMAL)):
        digits = "".join(str(_DIGITS[c]) for c in right.translate(_FORMAL))
        return [v + Decimal(f"0.{digits}") for v in values(left) if v == int(v)]
    if text.endswith("半"):
        return [v + Decimal("0.5") for v in values(text[:-1].rstrip("个")) if v == int(v)]
    return []


def plain(value: Decimal) -> str:
    """The value without an exponent or empty decimals."""
    return str(int(value)) if value == int(value) else format(value.normalize(), "f")


def _either(core: str) -> list[Decimal]:
    """Values of `3或4`, `3-4`, `3到4`, `3、4`: both ends."""
    parts = re.split(r"或者|或|还是|到|至|-|~|、", core)
    if len(parts) != 2:
        return []
    ends = [values(part.strip().removesuffix("个")) for part in parts]
    return [end[0] for end in ends] if all(len(end) == 1 for end in ends) else []


@overload
def number(text: str) -> Reading[int]: ...
@overload
def number(text: str, *, decimals: Literal[True]) -> Reading[Decimal]: ...
def number(text: str, *, decimals: bool = False) -> Reading[int] | Reading[Decimal]:
    """A number that is not negative, with or without a measure word; 三四个 and `3或4` are two choices.

    Unclear: `not_a_number`, `too_big` (over 15 digits), `not_whole` (unless decimals are asked for).
    """
    text = tidy(text)
    if re.fullmatch(r"[^0-9]*[0-9][0-9,]{18,}[^0-9]*", text):
        return Unclear("too_big")
    frame = _FRAME.fullmatch(text)
    if frame is None:
        return Unclear("not_a_number")
    core = frame["core"].strip()
    if core == "三五" and frame["unit"]:
        found = [Decimal(3), Decimal(5)]
    else:
        found = values(core) or _either(core) or _spoken(core)
    if any(v >= 10**15 for v in found):
        return Unclear("too_big")
    if decimals:
        return settle(found, plain, none=Unclear("not_a_number"))
    if any(v != int(v) for v in found):
        return Unclear("not_whole")
    return settle((int(v) for v in found), str, none=Unclear("not_a_number"))
