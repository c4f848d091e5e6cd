"""What is said about an answer that cannot be taken, in chat, on a page or in an Excel row alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

Facts = Mapping[str, Any]

UNCLEAR = "没太明白，换个说法再写一次？"
LOST = "这一项要再填一次："
BLANK = "好像什么也没写，再发一次？"
NOT_A_CHOICE = "没太明白，选一个，或回前面的数字。"
CHOICE_GONE = "之前选的现在没有了，再选一个？"
NOTHING_TO_CHOOSE = "这会儿没有可以选的。回“返回”改前面的，或回“人工”。"
DONE = "好了"
NOT_THE_LAST = "去掉上一张"
HOW_TO_SEND = "点输入框右边的「＋」，选「照片」"
PHOTO_WANTED = "这一项要照片，发一张过来就好。"
PHOTO_LOST = "照片没有收到，再发一次？"
NO_CONSENT = "不同意也完全可以，那就先办不了。改主意了回“同意”，不办了回“取消”。"


def photos_so_far(count: int, most: int) -> str:
    """Some photos are there; more may come."""
    return (
        f"收到 {count} 张，够了，点「{DONE}」。"
        if count >= most
        else f"收到 {count} 张。接着发，或点「{DONE}」。"
    )


def photos_enough(most: int) -> str:
    """One more than fit."""
    return f"最多 {most} 张，这张没有收。要换，先点「{NOT_THE_LAST}」。"


def too_short(shortest: int) -> str:
    """A text with too few characters."""
    return f"有点短，至少 {shortest} 个字。"


def too_long(longest: int, length: int) -> str:
    """A text with too many characters."""
    return f"写了 {length} 个字，最多 {longest} 个，短一点？"


def _day(day: date) -> str:
    return f"{day.month}月{day.day}日"


def _no_such_day(facts: Facts) -> str:
    if "month" in facts and "last" in facts:
        return f"{facts['month']}月只有 {facts['last']} 天，再看一眼？"
    return "没有这一天，再看一眼？"


def _which_day(facts: Facts) -> str:
    if "first" in facts:
        return f"{_day(facts['first'])}到{_day(facts['last'])}之间，具体哪一天？"
    return "具体是哪一天？"


SENTENCES: Mapping[str, str | Callable[[Facts], str]] = {
    "not_a_number": "这里填个数字就好。",
    "not_whole": "这里要整数，没有小数点的。",
    "too_big": "这个数太大了，再看一眼？",
    "number_range": lambda facts: f"应该在 {facts['low']} 到 {facts['high']} 之间，再看一眼？",
    "decade": lambda facts: f"{facts['first']} 到 {facts['last']} 年里，具体是哪一年？",
    "year_range": lambda facts: f"年份应该在 {facts['earliest']} 到 {facts['latest']} 之间，再看一眼？",
    "not_a_year": "没看出是哪一年，写四位数的年份就好。",
    "relative": "写出生年份或者年龄就好，这样不会算错。",
    "not_a_year_range": "没看出是哪些年份，写从哪年到哪年就好。",
    "height_range": lambda facts: f"身高应该在 {facts['low']} 到 {facts['high']} 厘米之间，再看一眼？",
    "not_a_height": "没看出是多高，写厘米数就好。",
    "currency": "这里按人民币算，写多少元就好。",
    "vague_sum": "要一个准数，精确到元就行。",
    "money_fraction": "最小到分，再看一眼？",
    "not_money": "没看出是多少钱，写多少元就好。",
    "phone_length": lambda facts: (
        f"手机号应该是 {facts['wanted']} 位，这里是 {facts['digits']} 位，再看一眼？"
    ),
    "phone_start": "手机号的开头好像不对，再看一眼？",
    "area_code": "座机要带区号；有手机号就更好。",
    "landline": "这个像是座机，写手机号就好。",
    "phone_service": "这是服务热线的号码，写你自己的手机号就好。",
    "phone_abroad": "现在只能用国内的手机号，没有的话回“人工”。",
    "not_a_phone": "没看出手机号，11 位数字就好。",
    "id_length": lambda facts: (
        f"身份证号应该是 {facts['wanted']} 位，这里是 {facts['length']} 位，再看一眼？"
    ),
    "id_old": "这是以前的 15 位号码，现在要 18 位的，看看新身份证？",
    "id_foreign_old": "这是旧版的 15 位证号，现在要 18 位的；没有换证就回“人工”。",
    "id_characters": "身份证号是 18 位数字，最后一位可能是 X，再看一眼？",
    "id_region": "开头两位好像不对，再看一眼？",
    "id_birth_date": "中间的出生日期好像不对，再看一眼？",
    "id_checksum": "最后一位好像对不上，可能哪个数字抄错了，再看一眼？",
    "no_such_day": _no_such_day,
    "past": lambda facts: (
        f"{_day(facts['day'])}已经过去了，换一天？" if "day" in facts else "这个时间已经过去了，换一个？"
    ),
    "which_day": _which_day,
    "vague_day": _which_day,
    "no_such_time": "没有这个钟点，再看一眼？",
    "which_time": lambda facts: f"{facts['part']}几点？" if "part" in facts else "具体几点？",
    "not_a_time": "没看出是几点。",
    "lunar": "农历的日子这里算不准，写阳历的月和日吧。",
    "not_a_date": "没看出是哪一天，写月和日就好。",
    "unsure": "不急，想好了再回，选一个就行。",
    "not_yes_or_no": NOT_A_CHOICE,
}
"""What is said about each code of `forms.understand`. The answer itself is never repeated."""


def unclear(code: str, facts: Facts) -> str:
    """The sentence for a code."""
    sentence = SENTENCES.get(code, UNCLEAR)
    return sentence if isinstance(sentence, str) else sentence(facts)
