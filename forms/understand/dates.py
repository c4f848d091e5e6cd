"""Days as people say them: 明天, 下周二, 8月8号, 12/1, 三天后, 国庆."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date as Date
from typing import TypeAlias

from forms.understand import days
from forms.understand.days import Ask, Found, Past, label_date
from forms.understand.outcome import Reading, Unclear, settle, tidy

_N = "(?:[0-9]{1,2}|[一二三四五六七八九十廿卅]{1,3})"
_COUNT = "(?:[0-9]{1,3}|[一二两三四五六七八九十廿]{1,3})"
_YEAR = "(?:[12][0-9]{3}|[一二][一二三四五六七八九〇零]{3})"
_FREE = r"(?<![0-9./\-])"  # not in the middle of a longer number
_FREE_AFTER = r"(?![0-9./\-])"
_THINGS = "桌墙线楼窗门店馆厅位员机台码院室厂车库柜座排层铺摊展区"  # 3号桌 is a table, not a day


_NAMED = (
    "元旦|情人节|妇女节|植树节|劳动节|青年节|儿童节|建党节|建军节|教师节|国庆|双十一|双十二|平安夜|圣诞|跨年"
)
_STREET = "(?![路街道村镇乡中小大店里巷桥公广号])"  # 五一路, 国庆村


@dataclass(frozen=True, slots=True)
class Hit:
    """Words that say a day, where they stand, and the days they may mean."""

    start: int
    end: int
    days: tuple[Date, ...]
    unclear: Unclear | None = None
    weekday: int | None = None  # a bare 周三 only narrows down another date beside it


Rule: TypeAlias = tuple[re.Pattern[str], Callable[[re.Match[str], Ask], Found]]


def _rule(pattern: str, found: Callable[[re.Match[str], Ask], Found]) -> Rule:
    return re.compile(pattern.replace("~", r"\s{0,2}")), found


# In a sentence, the earliest hit wins, then the longest.
_ANYWHERE: tuple[Rule, ...] = (
    _rule(f"{_FREE}(?P<year>{_YEAR}|[0-9]{{2}})~年~(?P<month>{_N})~月~(?P<day>{_N})~[日号]?", days.full),
    _rule(
        rf"{_FREE}(?P<year>[12][0-9]{{3}})~(?P<sep>[-/.])~(?P<month>[0-9]{{1,2}})~(?P=sep)~(?P<day>[0-9]{{1,2}})(?![0-9])",
        days.full,
    ),
    _rule(f"{_FREE}(?P<year>(?:19|20)[0-9]{{2}})(?P<month>[01][0-9])(?P<day>[0-3][0-9]){_FREE_AFTER}", days.full),
    _rule(f"(?P<which>[今明后去])年~(?P<month>{_N})~月~(?P<day>{_N})~[日号]?", days.year_month_day),
    _rule(f"(?P<which>这个?|本|下下个?|下个?|上个?)(?P<count>(?!))?月~(?P<day>{_N})~[日号]", days.in_month),
    _rule(f"(?P<count>{_COUNT})个(?P<which>)月后的?~(?P<day>{_N})~[日号]", days.in_month),
    _rule(f"{_FREE}(?P<month>{_N})~月~(?P<day>{_N})(?:~[日号]|(?![0-9个天次月年]))", days.month_day),
    _rule(f"{_FREE}(?P<month>[0-9]{{1,2}})/(?P<day>[0-9]{{1,2}}){_FREE_AFTER}", days.month_day),
    _rule(
        "(?<![以之目先提午饭课班往随最])(?P<word>大后|大前|今|明|后|昨|前)(?:天|日(?!本)|儿个?|(?=早|晚|晨|夜))",
        days.spoken,
    ),
    _rule(f"(?P<count>{_COUNT})~个?(?P<unit>天|日|周|星期|礼拜|月)(?:以|之|过)?后", days.later),
    _rule(
        "(?P<which>(?:这|本|下下|下|上)个?)?(?<![每一二两三四五六七八九十几半0-9])(?:周|星期|礼拜)~"
        "(?P<day>[一二三四五六日天末]|[1-7](?![0-9]))",
        days.weekday,
    ),
    _rule("(?P<which>(?:这|本|下下|下|上)个?)(?:周|星期|礼拜)(?!~[一二三四五六日天末1-7])", days.week),
    _rule(
        f"(?P<day>(?<![0-9./\\-第月])[0-9]{{1,2}}|(?<![第月一二三四五六七八九十])[一二三四五六七八九十廿卅]{{1,3}})号(?![{_THINGS}])",
        days.day_of_month,
    ),
    _rule("(?<![0-9./\\-第月])(?P<day>[0-9]{1,2})日(?![本游])", days.day_of_month),
    _rule(f"(?P<name>{_NAMED})(?P<sure>节|放?假期?|当天|那天)?{_STREET}", days.holiday),
    _rule("(?P<name>五一|六一|八一|十一|三八|五四)(?P<sure>节|放假|假期|黄金周)", days.holiday),
    _rule("(?:(?:这个?|本|下个?)?月)(?P<which>[初中底末])(?!旬?[一二三四五六七八九十])", days.vague),
    _rule("(?P<which>过[几两]天|改天|改日|这几天|最近几天|年底|年初|年前|节后|节前)", days.vague),
    _rule("(?:农历|阴历)(?:[一二三四五六七八九十]{1,2}月)?(?:初?[一二三四五六七八九十廿]{1,3})?"
        "|(?:正月|腊月|冬月|大年)(?:初?[一二三四五六七八九十廿]{1,3})?"
        "|除夕|年三十|(?:春|中秋|端午|元宵|清明|重阳|七夕|冬至)节|(?:中秋|端午|元宵|清明|重阳|七夕|冬至)", days.lunar),
)  # fmt: skip
# Only where nothing but a day is asked for.
_ALONE: tuple[Rule, ...] = (
    _rule(r"(?P<month>[0-9]{1,2})~[-.]~(?P<day>[0-9]{1,2})", days.month_day),
    _rule("(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12][0-9]|3[01])", days.month_day),
    _rule(f"(?P<day>{_N})~[号日]", days.day_of_month),
    _rule("(?P<name>五一|六一|八一|十一|三八|五四)(?P<sure>(?!))?", days.holiday),
    _rule("(?:农历|阴历)?初[一二三四五六七八九十]", days.lunar),
    _rule(f"(?P<month>{_N})~月份?", days.month_only),
)
_FILLER = re.compile(
    r"(?:我想|我要|我|想|要|就|那就|那|约|预约|定|改到|改|在|于|去|来|是|吧|可以|行|的|好|左右|这天|那天|当天|哦|啊|呢|[\s,.!。、()]|周内)*"
)


def find_days(text: str, ask: Ask) -> list[Hit]:
    """Every place in the tidied text that says a day, in order, none overlapping."""
    found: list[tuple[re.Match[str], Callable[[re.Match[str], Ask], Found]]] = []
    for pattern, rule in _ANYWHERE:
        found += [(m, rule) for m in pattern.finditer(text)]
    found.sort(key=lambda pair: (pair[0].start(), -pair[0].end()))
    hits: list[Hit] = []
    for m, rule in found:
        if not hits or m.start() >= hits[-1].end:
            hits.append(_hit(m, rule, ask))
    return hits


def _hit(m: re.Match[str], rule: Callable[[re.Match[str], Ask], Found], ask: Ask) -> Hit:
    said = rule(m, ask)
    if isinstance(said, Unclear):
        return Hit(m.start(), m.end(), (), said)
    bare = rule is days.weekday and not m["which"] and m["day"] != "末"
    return Hit(m.start(), m.end(), tuple(said), weekday=days.weekday_index(m["day"]) if bare else None)


def together(hits: list[Hit], today: Date) -> Reading[Date]:
    """One reading of all that a text says about the day: 下周二（24号） agree on one, 8号或9号 are two choices."""
    clear = [hit for hit in hits if hit.days]
    if not clear:
        unclear = [hit.unclear for hit in hits if hit.unclear]
        return unclear[0] if unclear else Unclear("not_a_date")
    dated = [hit for hit in clear if hit.weekday is None]
    named = {hit.weekday for hit in clear if hit.weekday is not None}
    everything = [day for hit in clear for day in hit.days]
    agreed = list((dated or clear)[0].days)
    for hit in (dated or clear)[1:]:
        agreed = [day for day in agreed if day in hit.days]
    if dated and named:
        agreed = [day for day in agreed if {day.weekday()} == named]
    return settle(agreed or everything, lambda day: label_date(day, today), none=Unclear("not_a_date"))


def date(text: str, today: Date, *, past: Past = "roll") -> Reading[Date]:
    """A day, with at most small words around it (我想下周二吧).

    A day without a year that is over is next year's (`past="roll"`), Unclear (`"refuse"`) or this year's (`"allow"`);
    a day with a year, 昨天 or 上周三 that is over is Unclear unless allowed. 周日 said on a Sunday, 下周二 said on a
    Sunday, 周末 and `8号或9号` are choices.
    Unclear: `no_such_day` (facts `month`, `day`, `last`), `past` (`day`), `which_day` and `vague_day` (下周, 8月, 月底;
    `first`, `last`), `lunar` (初八, 春节), `not_a_date`.
    """
    text = tidy(text)
    ask = Ask(today, past)
    for pattern, rule in _ALONE:
        if (m := pattern.fullmatch(text)) is not None:
            return together([_hit(m, rule, ask)], today)
    hits = find_days(text, ask)
    rest = list(text)
    for hit in reversed(hits):
        rest[hit.start : hit.end] = [" "]
    left = re.sub("或者|或|还是|到|至|和|-|~|/", " ", "".join(rest)) if len(hits) > 1 else "".join(rest)
    if not hits or not _FILLER.fullmatch(left):
        return Unclear("not_a_date")
    return together(hits, today)
