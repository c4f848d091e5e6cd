"""Years of birth, exact and as a span: 九零年, 1990, 90后, 85-92, 35岁."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from forms.understand.numbers import whole
from forms.understand.outcome import Reading, Unclear, Understood, meanings, settle, tidy

OLDEST = 100  # years back that a year of birth may lie
_AGES = range(16, 71)  # two digits that would make somebody older or younger may have been meant as an age

_Y = "[0-9一二三四五六七八九〇零十两千百廿卅]{1,6}"
_LEAD = r"(?:我是|我|是|公元|大概|大约|约|生于|出生于|出生在|出生年份|出生)*[:\s]*"
_TAIL = r"(?:的|生的|生人|生|出生的|出生|左右|吧|呢|人)*"
_YEAR = re.compile(rf"{_LEAD}({_Y})\s*年?\s*{_TAIL}")
_BORN = re.compile(
    rf"{_LEAD}([12][0-9]{{3}}|[0-9]{{2}}(?=年)|[一二〇零九]{{4}}|{_Y}(?=年))\s*[年./-]\s*{_Y}\s*(?:月|[./-])?\s*(?:{_Y}\s*[日号]?)?\s*{_TAIL}"
)
_COMPACT = re.compile(r"((?:19|20)[0-9]{2})(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")
_AGE = re.compile(rf"{_LEAD}(?:今年)?({_Y})\s*(?:周岁|岁|虚岁)(?:了|的)?{_TAIL}")
_DECADE = re.compile(rf"{_LEAD}((?:[12][0-9]{{3}}|{_Y}))\s*后{_TAIL}")


def _digits(text: str) -> str | None:
    """The digits of a spelled year: 九零 -> 90, 一九九〇 -> 1990, 九十 -> 90, 两千零五 -> 2005."""
    value = whole(text)
    if value is None:
        return None
    spelled = not re.search("[十百千]", text)
    return str(value).zfill(len(text)) if spelled else str(value)


def _full(text: str, today: date) -> list[int]:
    """Full years that a two or four digit year may mean, within reach or not."""
    digits = _digits(text)
    if digits is None or len(digits) not in (2, 4):
        return []
    if len(digits) == 4:
        return [int(digits)]
    both = [1900 + int(digits), 2000 + int(digits)]
    return [y for y in both if today.year - OLDEST <= y <= today.year] or both[:1]


def label_year(value: int) -> str:
    """1990年."""
    return f"{value}年"


def year(text: str, today: date, *, earliest: int | None = None, latest: int | None = None) -> Reading[int]:
    """A year of birth; a whole date of birth gives its year, an age gives its two possible years.

    `earliest` and `latest` (default: a hundred years ago, this year) bound the answer.
    Unclear: `decade` (90后: the facts `first`, `last`), `year_range`, `not_a_year`.
    """
    text = tidy(text)
    low = today.year - OLDEST if earliest is None else earliest
    high = today.year if latest is None else latest
    bounds = Unclear("year_range", {"earliest": low, "latest": high})
    if (found := _DECADE.fullmatch(text)) is not None and (span := _decade(found[1], today)):
        return Unclear("decade", {"first": span.first, "last": span.last})
    if (found := _AGE.fullmatch(text)) is not None:
        age = whole(found[1])
        if age is None:
            return Unclear("not_a_year")
        options = [today.year - age, today.year - age - 1]
        return settle((y for y in options if low <= y <= high), label_year, none=bounds)
    found = _YEAR.fullmatch(text) or _COMPACT.fullmatch(text) or _BORN.fullmatch(text)
    years = _full(found[1], today) if found else []
    if not years:
        return Unclear("not_a_year")
    years = [y for y in years if low <= y <= high]
    digits = whole(found[1]) if found and "年" not in text else None
    if digits is not None and digits in _AGES and not any(today.year - y in _AGES for y in years):
        # 35 in 2026 is hardly 1935: whoever types it tells their age
        years = [y for y in (today.year - digits, today.year - digits - 1) if low <= y <= high] + years
    return settle(years, label_year, none=bounds)


@dataclass(frozen=True, slots=True)
class YearRange:
    """The first and last year of birth, both included; None is open."""

    first: int | None
    last: int | None

    def includes(self, value: int) -> bool:
        """Whether somebody born in that year is meant."""
        return (self.first is None or self.first <= value) and (self.last is None or value <= self.last)

    def label(self) -> str:
        """1985–1992年, 1990年以后, 不限."""
        if self.first is None and self.last is None:
            return "不限"
        if self.last is None:
            return f"{self.first}年以后"
        if self.first is None:
            return f"{self.last}年以前"
        return f"{self.first}年" if self.first == self.last else f"{self.first}–{self.last}年"


_OPEN = re.compile(
    r"(?:年龄)?(?:不限|都可以|都行|无所谓|随便|随意|均可|不要求|没要求|没有要求|皆可|任意)(?:年龄)?"
)
_SPAN = re.compile(rf"({_Y})\s*年?\s*(?:-|~|到|至|–)+\s*({_Y})\s*(?P<unit>年|周岁|岁)?(?:之间|的|出生|生)*")
_SINCE = re.compile(rf"({_Y})\s*年\s*(?:以后|之后|后|起)(?:的|出生|生)*|({_Y})(?:以后|之后)(?:的|出生|生)*")
_UNTIL = re.compile(rf"({_Y})\s*年?\s*(?:以前|之前|前)(?:的|出生|生)*")
_YOUNGER = re.compile(rf"({_Y})\s*岁?(?:以下|以内|之内)(?:的)?")
_OLDER = re.compile(rf"({_Y})\s*岁(?:以上)(?:的)?")
_DECADES = re.compile(rf"({_Y})后?(?:-|~|到|至|、|和|或|跟|,|\s)*({_Y})后")
_RELATIVE = re.compile(r"[大小][^后]*岁|同岁|同龄|差不多大|比我")


def _decade(text: str, today: date) -> YearRange | None:
    """90后 is 1990 to 1999, 85后 is 1985 to 1989."""
    years = [y for y in _full(text, today) if y % 5 == 0]
    if not years:
        return None
    first = max(years) if len(years) > 1 and max(years) <= today.year - 10 else years[0]
    return YearRange(first, first + (9 if first % 10 == 0 else 4))


def _by_age(low: int, high: int, today: date) -> YearRange:
    return YearRange(today.year - max(low, high), today.year - min(low, high))


def year_range(text: str, today: date) -> Reading[YearRange]:
    """A span of years of birth: 85-92, 1990以后, 90后, 80后90后, 25-35岁, 1990, 不限 (open on both sides).

    Two bare two-digit numbers that are hardly years (25-35) are two choices, ages first.
    Unclear: `relative` (大三岁以内: needs the asker's own year), `not_a_year_range`.
    """
    text = tidy(text)
    if _OPEN.fullmatch(text):
        return Understood(YearRange(None, None))
    if (found := _DECADE.fullmatch(text)) is not None and (decade := _decade(found[1], today)):
        return Understood(decade)
    if (found := _DECADES.fullmatch(text)) is not None:
        first, last = _decade(found[1], today), _decade(found[2], today)
        if first and last and first.first is not None and last.last is not None:
            return Understood(YearRange(min(first.first, last.first or 0), max(first.last or 0, last.last)))
    if (found := _SPAN.fullmatch(text)) is not None:
        return _span(found[1], found[2], found["unit"] or "", today)
    if (found := _SINCE.fullmatch(text)) is not None and (years := _full(found[1] or found[2], today)):
        return Understood(YearRange(years[-1], None))
    if (found := _UNTIL.fullmatch(text)) is not None and (years := _full(found[1], today)):
        return Understood(YearRange(None, years[0]))
    for pattern, sign in ((_YOUNGER, -1), (_OLDER, 1)):
        found = pattern.fullmatch(text)
        age = whole(found[1]) if found else None
        if age is not None and age in _AGES:
            edge = today.year - age
            return Understood(YearRange(edge, None) if sign < 0 else YearRange(None, edge))
    if _RELATIVE.search(text):
        return Unclear("relative")
    spans = (YearRange(y, y) for y in meanings(year(text, today)))
    return settle(spans, YearRange.label, none=Unclear("not_a_year_range"))


def _span(one: str, other: str, unit: str, today: date) -> Reading[YearRange]:
    none: Unclear = Unclear("not_a_year_range")
    ages = [age for age in (whole(one), whole(other)) if age is not None and age in _AGES]
    by_age = _by_age(ages[0], ages[1], today) if len(ages) == 2 else None
    if "岁" in unit:
        return Understood(by_age) if by_age else none
    if len(one) != len(other) and {len(_digits(one) or ""), len(_digits(other) or "")} == {2, 4}:
        # 1985-92: the short one takes its century from the other
        one, other = (_digits(one) or "", _digits(other) or "")
        one, other = (
            (one if len(one) == 4 else other[:2] + one),
            (other if len(other) == 4 else one[:2] + other),
        )
        if other < one:
            return none
    firsts, lasts = _full(one, today), _full(other, today)
    if not firsts or not lasts:
        return none
    # 85-05 runs over the turn of the century: each end is the year that is likely by itself
    first, last = sorted((firsts[0], lasts[-1]))
    span = YearRange(first, last)
    likely = all(today.year - y in _AGES for y in (first, last))
    if unit or likely or not by_age:
        return Understood(span) if last <= today.year else none
    older = [span] if today.year - last not in range(_AGES.start) else []
    return settle([by_age, *older], YearRange.label, none=none)
