"""Times of the day, lengths of time, and whole moments in a sentence: 下午三点半, 半小时, 明天下午三点约心理咨询."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time
from typing import TypeAlias

from forms.understand.numbers import whole
from forms.understand.outcome import Reading, Unclear, settle, tidy

_DAY = 24 * 60
_H = "(?:[0-9]{1,2}|[零〇一二两三四五六七八九十廿]{1,3})"
_M = "(?:[0-9]{1,2}|[零〇一二两三四五六七八九十廿]{1,3})"
_PARTS = {
    "dawn": "凌晨",
    "morning": "清晨|清早|大清早|一大早|大早上|一早|早上|早晨|早",
    "forenoon": "上午",
    "noon": "中午|正午|晌午",
    "afternoon": "下午|午后",
    "dusk": "傍晚|黄昏",
    "evening": "晚上|晚间|今夜|晚",
    "night": "夜里|夜间|深夜|半夜|后半夜|大半夜|夜晚|午夜|夜",
}
_PART_OF = {word: part for part, words in _PARTS.items() for word in words.split("|")}
_ANY_PART = "|".join(sorted(_PART_OF, key=len, reverse=True))
_PART = f"(?:(?P<late>晚上?)(?=凌晨))?(?P<part>{_ANY_PART})?的?~"  # 今晚凌晨一点
_POINTS = re.compile(
    "建议|意见|要求|原因|问题|希望|说明|理由|想法|看法|体会|内容|好处|时间|事|东西|[钱水都也不儿]|五?[米倍]|[了来]?[多几]?[个块元]"
)
_AT = re.compile(
    r"(?:^|[\s,.!、;:(]|[天日号在于到约或至]|(?:周|星期|礼拜)[一二三四五六])$"
)  # before a bare 一点


def _rule(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern.replace("~", r"\s{0,2}"))


_COLON = _rule(
    rf"{_PART}(?<![0-9:.])(?P<hour>[0-9]{{1,2}})~:~(?P<minute>[0-9]{{2}})(?:~:~[0-9]{{2}})?(?![0-9:])~(?P<half>[ap]\.?m\b)?"
)
_BEFORE = _rule(
    rf"{_PART}差(?P<less>一刻钟?|{_M}分钟?)~(?:不?到)?~(?P<hour>{_H})点钟?"
    rf"|{_PART.replace('<part', '<part2').replace('<late', '<late2')}(?P<hour2>{_H})点~差~(?P<less2>一刻钟?|{_M}分钟?)"
)
_CLOCK = _rule(
    rf"{_PART}(?<![0-9.:第几])(?P<hour>{_H})~(?:点(?!{_M}?[个米倍])|时(?![候间长代尚差常]))钟?"
    rf"(?P<rest>~(?:整|半|[一三1-3]刻钟?|过?{_M}分(?!钟)|[零〇]{_M}|{_M}(?![0-9个名位号人天分])))?"
)
_HALVES = _rule(r"(?<![0-9:.])(?P<hour>[0-9]{1,2})~(?P<half>[ap]\.?m)\b")
_NAMED = _rule(f"(?P<part>{_ANY_PART})(?!餐|饭|会|安|退|恋|婚|晚|日|期|教|操|点|市|班|茶|觉|场)")

Slot: TypeAlias = int
"""Minutes after midnight; from 1440 on they fall on the next day (晚上十二点)."""


@dataclass(frozen=True, slots=True)
class Hit:
    """Words that say a time, where they stand, and the slots they may mean."""

    start: int
    end: int
    slots: tuple[Slot, ...]
    unclear: Unclear | None = None


def label_time(value: time) -> str:
    """下午 3:30."""
    names = ((6, "凌晨"), (9, "早上"), (12, "上午"), (13, "中午"), (18, "下午"), (24, "晚上"))
    part = next(name for end, name in names if value.hour < end)
    return f"{part} {value.hour - 12 if value.hour > 12 else value.hour}:{value.minute:02d}"


def _hours(hour: int, part: str | None, clear: bool) -> list[int] | None:
    """The hours (24 and more: next day) that an hour may mean in that part of the day, None if it contradicts it."""
    if part is None:
        if clear or hour in (0, 12) or hour > 12:
            return [hour]
        return [hour, hour + 12]
    if part == "dawn":
        return [hour % 12] if hour in (*range(7), 12) else None
    if part in ("morning", "forenoon"):
        last = 12 if part == "forenoon" else 11
        return [hour] if 1 <= hour <= last else None
    if part == "noon":
        return {1: [13], 2: [14]}.get(hour, [hour] if 11 <= hour <= 14 else None)
    if part == "afternoon":
        return [hour + 12] if 1 <= hour <= 11 else [hour] if 12 <= hour <= 23 else None
    if part == "dusk":
        return [hour + 12] if 4 <= hour <= 8 else [hour] if 16 <= hour <= 20 else None
    if hour in (0, 12, 24):
        return [24]
    if part == "evening":
        return [hour + 24] if hour <= 4 else [hour + 12] if hour <= 11 else [hour] if hour >= 17 else None
    if hour <= 5:  # 明天夜里两点: the night before that day, or the one after
        return [hour, hour + 24]
    return [hour + 12] if 7 <= hour <= 11 else [hour] if hour >= 19 else None


def _slots(hour: int, minutes: Iterable[int], part: str | None, clear: bool) -> Iterable[Slot] | Unclear:
    minutes = list(minutes)
    if not 0 <= hour <= 24 or any(m > 59 for m in minutes) or not minutes or (hour == 24 and any(minutes)):
        return Unclear("no_such_time")
    hours = _hours(hour, part, clear)
    if hours is None:
        return Unclear("no_such_time")
    return [h * 60 + m for h in hours for m in minutes]


def _minutes(rest: str) -> list[int]:
    """Minutes said after 点: 半, 一刻, 十分, 零五, 五十; a single 五 is five or fifty."""
    rest = rest.strip()
    if rest in ("", "整"):
        return [0]
    if rest == "半":
        return [30]
    if "刻" in rest:
        return [15 * (whole(rest[0]) or 0)]
    core = rest.removeprefix("过").removesuffix("分")
    value = whole(core.lstrip("零〇") or "0")
    if value is None:
        return []
    single = len(core) == 1 and not rest.endswith("分") and 1 <= value <= 5
    return [value, value * 10] if single else [value]


def _before(groups: dict[str, str | None]) -> Iterable[Slot] | Unclear:
    """差五分三点, 三点差一刻."""
    hour = whole(groups["hour"] or groups["hour2"] or "")
    less = groups["less"] or groups["less2"] or ""
    minutes = 15 if "刻" in less else whole(less.removesuffix("钟").removesuffix("分"))
    if hour is None or minutes is None or minutes > 59:
        return Unclear("no_such_time")
    slots = _slots(hour, [0], _PART_OF.get(groups["part"] or groups["part2"] or ""), clear=False)
    return (
        slots
        if isinstance(slots, Unclear)
        else [slot - minutes + (_DAY if slot < minutes else 0) for slot in slots]
    )


def _clock(m: re.Match[str]) -> Iterable[Slot] | Unclear:
    groups = m.groupdict()
    if groups.get("less") or groups.get("less2"):
        return _before(groups)
    hour = whole(groups["hour"])
    if hour is None:
        return Unclear("no_such_time")
    if half := groups.get("half"):
        minutes = int(groups.get("minute") or 0)
        if 1 <= hour <= 12:
            hour = hour % 12 + (12 if half.startswith("p") else 0)
        elif not (half.startswith("p") and 13 <= hour <= 23):
            return Unclear("no_such_time")
        return _slots(hour, [minutes], None, clear=True)
    minute = groups.get("minute")
    part = "evening" if groups.get("late") else _PART_OF.get(groups.get("part") or "")
    clear = groups["hour"].startswith("0") and len(groups["hour"]) == 2
    return _slots(hour, [int(minute)] if minute else _minutes(groups.get("rest") or ""), part, clear)


def _counts_points(text: str, m: re.Match[str]) -> bool:
    """Whether 一点 or 3点 is no time here: 有一点累, 3点建议."""
    groups = m.groupdict()
    if groups["part"] or groups["rest"] or m[0].endswith("钟") or "时" in m[0]:
        return False
    if _POINTS.match(text[m.end() :].lstrip()):
        return True
    return groups["hour"] == "一" and not _AT.search(text[: m.start()])


def find_times(text: str) -> list[Hit]:
    """Every place in the tidied text that says a time of day, in order, none overlapping."""
    found = [m for pattern in (_COLON, _BEFORE, _HALVES) for m in pattern.finditer(text)]
    found += [m for m in _CLOCK.finditer(text) if not _counts_points(text, m)]
    found += list(_NAMED.finditer(text))
    found.sort(key=lambda m: (m.start(), -m.end()))
    hits: list[Hit] = []
    for m in found:
        if hits and m.start() < hits[-1].end:
            continue
        said: Iterable[Slot] | Unclear
        if m.re is _NAMED:
            if m[0] in ("早", "晚", "夜") and not re.search("[今明后昨前]$", text[: m.start()]):
                continue
            noon = _PART_OF[m[0]] == "noon"
            said = [12 * 60] if noon else [_DAY] if m[0] == "午夜" else Unclear("which_time", {"part": m[0]})
        else:
            said = _clock(m)
        clear = () if isinstance(said, Unclear) else tuple(said)
        hits.append(Hit(m.start(), m.end(), clear, said if isinstance(said, Unclear) else None))
    return hits


def _within(slots: Iterable[Slot], opens: time | None, closes: time | None) -> list[Slot]:
    """The slots in opening hours, or all of them if none is."""
    slots = list(dict.fromkeys(slots))
    first = opens.hour * 60 + opens.minute if opens else 0
    last = closes.hour * 60 + closes.minute if closes else _DAY
    return [slot for slot in slots if first <= slot % _DAY <= last] or slots


def _time(slot: Slot) -> time:
    return time(slot // 60 % 24, slot % 60)


def time_slots(hits: list[Hit], opens: time | None, closes: time | None) -> list[Slot] | Unclear:
    """All that a text says about the time: 下午三点（15:00） agree on one, 九点或十点 are two choices."""
    clear = [hit.slots for hit in hits if hit.slots]
    if not clear:
        unclear = [hit.unclear for hit in hits if hit.unclear]
        return unclear[0] if unclear else Unclear("not_a_time")
    agreed = [slot for slot in clear[0] if all(slot in slots for slots in clear[1:])]
    return _within(agreed or [slot for slots in clear for slot in slots], opens, closes)


def read_times(hits: list[Hit], opens: time | None, closes: time | None) -> Reading[time]:
    """The times that the hits leave open, in opening hours if any is."""
    slots = time_slots(hits, opens, closes)
    return slots if isinstance(slots, Unclear) else _read(slots)


def _read(slots: Iterable[Slot]) -> Reading[time]:
    return settle((_time(slot) for slot in slots), label_time, none=Unclear("not_a_time"))


_FILLER = re.compile(
    r"(?:我想|我要|我|想|要|就|那就|那|约|预约|改到|改|在|于|去|来|吧|可以|行|的|好|左右|前后|哦|啊|呢|[\s,.!。、()])*"
)
_ALONE = re.compile(r"(?P<hour>[01][0-9]|2[0-4]|[0-9])[.\s]?(?P<minute>[0-5][0-9])")


def time_of_day(text: str, *, opens: time | None = None, closes: time | None = None) -> Reading[time]:
    """A time of the day, with at most small words around it; midnight at the end of a day is 0:00.

    3点 is 凌晨 or 下午, unless opening hours (`opens`, `closes`) leave one of them; what is said (下午三点) is never
    doubted. 九点或十点 are two choices.
    Unclear: `no_such_time` (25点, 上午15点), `which_time` (下午 alone; the fact `part`), `not_a_time`.
    """
    text = tidy(text)
    if (m := _ALONE.fullmatch(text)) is not None:
        said = _slots(int(m["hour"]), [int(m["minute"])], None, clear=m["hour"].startswith("0"))
        return said if isinstance(said, Unclear) else _read(_within(said, opens, closes))
    hits = find_times(text)
    left = list(text)
    for hit in reversed(hits):
        left[hit.start : hit.end] = [" "]
    rest = re.sub("或者|或|还是|到|至|和|-|~", " ", "".join(left)) if len(hits) > 1 else "".join(left)
    return read_times(hits, opens, closes) if hits and _FILLER.fullmatch(rest) else Unclear("not_a_time")
