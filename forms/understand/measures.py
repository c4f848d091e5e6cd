"""Heights and sums of money."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

from forms.understand.numbers import values
from forms.understand.outcome import Reading, Unclear, settle, tidy

_D = "[0-9一二三四五六七八九〇零两]"
_METRES = re.compile(rf"({_D})\s*(?:米|公尺|m)\s*({_D}{{0,2}}|[0-9]{{2}}\.[0-9])\s*(?:cm|厘米|公分|m|米)?")
_SHORT = re.compile(rf"米({_D}{{1,2}})")  # 米七六, the one left out
_POINT = re.compile(
    r"([12])\s*[.。点,]\s*([0-9]{1,3})\s*(?:米|m|公尺)?|([一二两])点([一二三四五六七八九〇零]{1,3})米?"
)
_CENTIMETRES = re.compile(r"([0-9]{2,3}(?:\.[0-9])?|[一二两三四五六七八九〇零十百]{3,6})\s*(?:cm|厘米|公分)?")
_HEIGHT_FRAME = re.compile(r"(?:我的|我|身高|大概|大约|约|是|有|净|:|\s)*(.*?)(?:左右|高|吧|的|\s)*")
_BETWEEN = re.compile(r"到|至|-|~|或者|或")


def _centimetres(text: str) -> Iterator[Decimal]:
    """Every height the tidied text may mean."""
    if (found := _METRES.fullmatch(text)) is not None:
        yield from (metres * 100 + part for metres in values(found[1]) for part in _rest(found[2]))
    elif (found := _SHORT.fullmatch(text)) is not None:
        yield from (100 + part for part in _rest(found[1]))
    elif (found := _POINT.fullmatch(text)) is not None:
        digits = "".join(str(int(d)) for c in (found[2] or found[4]) for d in values(c))
        yield from (metres * 100 + Decimal(f"0.{digits}") * 100 for metres in values(found[1] or found[3]))
    elif (found := _CENTIMETRES.fullmatch(text)) is not None:
        yield from values(found[1])


def _rest(text: str) -> Iterator[Decimal]:
    """Centimetres after the metre: 76, 7 (70), 08, 七六, none."""
    digits = "".join(c if c.isascii() else str(int(values(c)[0])) for c in text)
    if not digits:
        yield Decimal(0)
    else:
        yield Decimal(digits) * (10 if len(digits) == 1 else 1)


def height_cm(text: str, *, low: int = 105, high: int = 230) -> Reading[int]:
    """A height in whole centimetres: 176, 1米76, 一米七六, 1.76m, 一七六; 170-175 is two choices.

    Unclear: `height_range` (the facts `low`, `high`: also 17.6 and 1760), `not_a_height`.
    """
    found = _HEIGHT_FRAME.fullmatch(tidy(text))
    core = found[1].strip() if found else ""
    heights = list(_centimetres(core))
    parts = _BETWEEN.split(core)
    if not heights and len(parts) == 2:
        heights = [cm for part in parts for cm in _centimetres(part.strip())]
    if not heights:
        measured = re.fullmatch(r"[0-9]{1,5}(?:\.[0-9]{1,3})?\s*(?:cm|厘米|公分|m|米|mm|毫米)?", core)
        return Unclear("height_range", {"low": low, "high": high}) if measured else Unclear("not_a_height")
    rounded = (int(cm.quantize(Decimal(1), ROUND_HALF_UP)) for cm in heights)
    none = Unclear("height_range", {"low": low, "high": high})
    return settle((cm for cm in rounded if low <= cm <= high), lambda cm: f"{cm}cm", none=none)


_SUM = r"[0-9一二三四五六七八九〇零壹贰叁肆伍陆柒捌玖拾佰仟萬十百千万亿两廿.,kw]+"
_MONEY_FRAME = re.compile(
    r"(?:人民币|一共|总共|合计|共|大概|大约|差不多|约|是|rmb|cny|[¥￥:]|\s)*(.*?)(?:人民币|rmb|cny|整|正|钱|左右|吧|\s)*"
)
_MONEY = re.compile(
    rf"(?:(?P<yuan>{_SUM})\s*(?P<unit>元|块|圆)?)?\s*"
    rf"(?:(?P<jiao>{_D})\s*[角毛])?\s*(?:(?P<fen>{_D})\s*分)?(?P<last>(?<=[块角毛元]){_D}{{1,2}})?"
)
_OTHER_CURRENCY = re.compile(r"[$€£₩]|美元|美金|欧元|港币|港元|日元|台币|英镑|usd|hkd|eur")
_VAGUE_SUM = re.compile(r"[多几余来]|以上|以下|不到")
_LIMIT = Decimal(10) ** 11


def _yuan(text: str) -> Iterator[Decimal]:
    """Every sum in yuan that the tidied text may mean."""
    found = _MONEY.fullmatch(text)
    if found is None or not any(found.groups()):
        return
    small = Decimal(0)
    if found["jiao"]:
        small += values(found["jiao"])[0] / 10
    if found["fen"]:
        small += values(found["fen"])[0] / 100
    if found["last"]:
        digits = "".join(str(int(values(c)[0])) for c in found["last"])
        if found["jiao"] or found["fen"]:  # 三块五毛二
            if len(digits) != 1 or found["fen"]:
                return
            small += Decimal(digits) / 100
        elif found["unit"] == "元" or (len(digits) == 2 and not found["last"].isascii()):
            return  # 五元三 is not said; 五块三二 neither
        else:
            small += Decimal(f"0.{digits}")  # 6230块5
    if not found["yuan"]:
        yield small
        return
    for whole in values(found["yuan"].replace("萬", "万")):
        if small and whole != int(whole):
            return
        yield whole + small


def label_yuan(fen: int) -> str:
    """6,230.00 元."""
    return f"{fen // 100:,}.{fen % 100:02d} 元"


def money_fen(text: str) -> Reading[int]:
    """A sum in yuan as a whole number of fen: 6,230元, 六千二, 1.5万, 三块五; 五六千 and 5000-6000 are two choices.

    Unclear: `currency`, `vague_sum` (六千多), `money_fraction` (less than a fen), `too_big` (from 10^11 yuan),
    `not_money`.
    """
    text = tidy(text)
    if _OTHER_CURRENCY.search(text):
        return Unclear("currency")
    found = _MONEY_FRAME.fullmatch(text)
    core = found[1] if found else ""
    sums = list(_yuan(core))
    parts = _BETWEEN.split(core)
    if not sums and len(parts) == 2 and all(parts):
        sums = [yuan for part in parts for yuan in _yuan(part.strip(" ¥￥"))]
        sums = sums if len(sums) == 2 else []
    if not sums and re.fullmatch("[0-9,.]{16,}[元块圆]?", core):
        return Unclear("too_big")
    if not sums and _VAGUE_SUM.search(core) and re.search(_D, core):
        return Unclear("vague_sum")
    if any(yuan >= _LIMIT for yuan in sums):
        return Unclear("too_big")
    fen = [yuan * 100 for yuan in sums]
    if any(f != int(f) for f in fen):
        return Unclear("money_fraction")
    return settle((int(f) for f in fen), label_yuan, none=Unclear("not_money"))
