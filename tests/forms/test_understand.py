"""B7: what people type for days, times, numbers, phones and ID numbers, and what it is read as.

Each table has one line per example: what is said, two blanks, what is understood. `a | b` are choices in that order,
`!code` is unclear, `""` is the empty text. The tables say what must be understood as much as what must not be.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.iso7064 import mod_11_2

from core.clock import SHANGHAI
from core.hanzi import fold
from forms import understand
from forms.understand import Ambiguous, Reading, Unclear, Understood

MONDAY = date(2026, 11, 23)
OPENS, CLOSES = time(9), time(17, 30)


def shown(reading: Reading[Any], show: Callable[[Any], str] = str) -> str:
    """A reading as the tables write it."""
    if isinstance(reading, Understood):
        return show(reading.value)
    if isinstance(reading, Unclear):
        return f"!{reading.code}"
    assert len(reading.options) >= 2
    assert all(option.label for option in reading.options)
    return " | ".join(show(option.value) for option in reading.options)


def rows(table: str) -> list[Any]:
    """(said, meant) for every line of a table."""
    found = []
    for line in table.strip().splitlines():
        said, _, meant = line.strip().partition("  ")
        assert meant.strip(), line
        found.append(pytest.param("" if said == '""' else said, meant.strip(), id=f"{said}"))
    return found


def examples(table: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("said", "meant"), rows(table))


NUMBERS = """
3             3
0             0
007           7
１２          12
⑧             8
3个           3
3 个          3
三            3
两个          2
俩            2
十            10
十二          12
二十          20
二十一个      21
廿三          23
卅            30
九十          90
九零          90
一七六        176
一二三        123
一百          100
一百七        170
一百零七      107
一百〇七      107
一百一十      110
一百十        110
两百五        250
三百二十一    321
一千          1000
一千零五      1005
一千零五十    1050
一千二        1200
两千三百      2300
一万          10000
一万二        12000
一万两千      12000
一万零二      10002
两万五千三    25300
十万          100000
一百二十万    1200000
一亿          100000000
一亿两千万    120000000
壹仟贰佰      1200
贰拾叁        23
6,230         6230
6，230        6230
1,234,567     1234567
1.5万         15000
3万5          35000
3万5千        35000
1千2          1200
1千2百        1200
3.0           3
约30人        30
一共五个      5
第三个        3
12岁          12
15天          15
三十多        !not_a_number
十几个        !not_a_number
3.5           !not_whole
一个半        !not_whole
三四个        3 | 4
两三个        2 | 3
十七八岁      17 | 18
七八十        70 | 80
两三千        2000 | 3000
二十一二      21 | 22
3或4          3 | 4
3-4个         3 | 4
三到五        3 | 5
三五个        3 | 5
6,23          !not_a_number
1 2           !not_a_number
-3            !not_a_number
1e5           !not_a_number
0x10          !not_a_number
٣             !not_a_number
½             !not_a_number
一十百        !not_a_number
百            !not_a_number
万            !not_a_number
一万万        !not_a_number
3个4          !not_a_number
个            !not_a_number
几个          !not_a_number
没有          !not_a_number
""            !not_a_number
999999999999999      999999999999999
1000000000000000     !too_big
99999999999999999999  !too_big
"""


@examples(NUMBERS)
def test_B7_numbers(said: str, meant: str) -> None:
    assert shown(understand.number(said)) == meant


@examples("""
3.5        3.5
三点五     3.5
一点二五   1.25
一个半     1.5
三个半     3.5
半         0.5
半个       0.5
1.50       1.5
1.5万      15000
12         12
3.5.1      !not_a_number
三点       !not_a_number
""")
def test_B7_numbers_with_decimals_where_they_are_asked_for(said: str, meant: str) -> None:
    assert shown(understand.number(said, decimals=True), lambda v: format(v.normalize(), "f")) == meant


@examples("""
1990            1990
１９９０        1990
1990年          1990
90              1990
90年            1990
九零            1990
九零年          1990
九〇年          1990
九○年           1990
九十年          1990
一九九〇        1990
一九九零年      1990
九五            1995
零五年          2005
05              2005
00              2000
二〇〇一        2001
两千年          2000
两千零五年      2005
我是90年的      1990
90年生          1990
九零年出生      1990
1990年出生的    1990
大概1990年吧    1990
1990年5月3日    1990
1990.5.3        1990
1990-05-03      1990
90年5月         1990
九零年五月      1990
19900503        1990
60              1960
35岁            1991 | 1990
三十五岁了      1991 | 1990
35              1991 | 1990 | 1935
26年            1926 | 2026
90后            !decade
九零后          !decade
85后            !decade
2030            !year_range
1880            !year_range
150岁           !year_range
190             !not_a_year
19900           !not_a_year
5               !not_a_year
属马            !not_a_year
民国79年        !not_a_year
19901350        !not_a_year
三四            1992 | 1991 | 1934
不告诉你        !not_a_year
""              !not_a_year
""")
def test_B7_years_of_birth(said: str, meant: str) -> None:
    assert shown(understand.year(said, MONDAY)) == meant


def test_B7_a_year_keeps_to_the_bounds_given_and_names_them() -> None:
    assert understand.year("2010", MONDAY, latest=2008) == Unclear(
        "year_range", {"earliest": 1926, "latest": 2008}
    )
    assert shown(understand.year("20", MONDAY, latest=2008)) == "2006 | 2005"
    assert understand.year("90后", MONDAY) == Unclear("decade", {"first": 1990, "last": 1999})


@examples("""
85-92          1985-1992
85~92          1985-1992
８５－９２     1985-1992
85—92          1985-1992
85到92         1985-1992
85到92年       1985-1992
85年到92年     1985-1992
八五至九二     1985-1992
1985-1992      1985-1992
1985-92        1985-1992
92-85          1985-1992
98-05          1998-2005
00-05          2000-2005
90后           1990-1999
九零后         1990-1999
85后           1985-1989
95后           1995-1999
00后           2000-2009
70后           1970-1979
80后90后       1980-1999
80、90后       1980-1999
80后到90后     1980-1999
90年以后       1990-
90年后         1990-
1990以后       1990-
85年以前       -1985
85年前         -1985
25-35岁        1991-2001
25到35岁之间   1991-2001
25-35          1991-2001
30-40          1986-1996 | 1930-1940
35岁以内       1991-
三十岁以下     1996-
30岁以上       -1996
1990           1990-1990
90年           1990-1990
35岁           1991-1991 | 1990-1990
不限           -
都可以         -
无所谓         -
随便           -
大三岁以内     !relative
比我小         !relative
同岁           !relative
5-6            !not_a_year_range
2030-2040      !not_a_year_range
西湖区         !not_a_year_range
85-            !not_a_year_range
""             !not_a_year_range
""")
def test_B7_spans_of_years(said: str, meant: str) -> None:
    reading = understand.year_range(said, MONDAY)
    assert shown(reading, lambda span: f"{span.first or ''}-{span.last or ''}") == meant


def test_B7_a_span_of_years_says_who_is_in_it() -> None:
    span = understand.YearRange(1985, None)
    assert span.includes(1985)
    assert not span.includes(1984)
    assert span.label() == "1985年以后"
    assert understand.YearRange(None, None).label() == "不限"


@examples("""
176            176
１７６         176
176cm          176
176CM          176
176厘米        176
176 公分       176
1米76          176
1米 76         176
1m76           176
1.76           176
1.76m          176
1.76米         176
1。76          176
１．７６       176
1,76           176
一米七六       176
一七六         176
一百七十六     176
一点七六       176
1米7           170
一米八         180
一米七零       170
一百七         170
米七五         175
1米08          108
一米零八       108
两米           200
2米03          203
1.8            180
1.765          177
176.5          177
身高176        176
我176左右      176
大概一米七六吧  176
一米七八       178
170-175        170 | 175
一米七到一米七五  170 | 175
17.6           !height_range
76             !height_range
1760           !height_range
1米            !height_range
三米           !height_range
260            !height_range
五尺八         !not_a_height
高             !not_a_height
不告诉你       !not_a_height
""             !not_a_height
""")
def test_B7_heights(said: str, meant: str) -> None:
    assert shown(understand.height_cm(said)) == meant


DATES = """
今天            2026-11-23
今日            2026-11-23
今儿            2026-11-23
明天            2026-11-24
明日            2026-11-24
明兒            2026-11-24
后天            2026-11-25
後天            2026-11-25
大后天          2026-11-26
三天后          2026-11-26
3天以后         2026-11-26
十天之后        2026-12-03
一周后          2026-11-30
两个星期后      2026-12-07
一个月后        2026-12-23
周三            2026-11-25
星期三          2026-11-25
礼拜三          2026-11-25
禮拜三          2026-11-25
周3             2026-11-25
週三            2026-11-25
周日            2026-11-29
星期天          2026-11-29
周7             2026-11-29
周一            2026-11-23 | 2026-11-30
周末            2026-11-28 | 2026-11-29
这周五          2026-11-27
本周五          2026-11-27
这个星期五      2026-11-27
这周一          2026-11-23
下周一          2026-11-30
下周二          2026-12-01
下星期二        2026-12-01
下个礼拜二      2026-12-01
下周日          2026-12-06
下下周二        2026-12-08
下周末          2026-12-05 | 2026-12-06
8月8号          2027-08-08
8月8日          2027-08-08
８月８号        2027-08-08
8 月 8 号       2027-08-08
八月八日        2027-08-08
八月八号        2027-08-08
12月1日         2026-12-01
12月1           2026-12-01
十二月二十五    2026-12-25
十二月廿五号    2026-12-25
12/1            2026-12-01
12-1            2026-12-01
12.1            2026-12-01
1201            2026-12-01
11月23日        2026-11-23
11月22日        2027-11-22
2026-12-1       2026-12-01
2026-12-01      2026-12-01
2026/12/1       2026-12-01
2026.12.1       2026-12-01
20261201        2026-12-01
2026年12月1日   2026-12-01
26年12月1日     2026-12-01
二〇二六年十二月一日  2026-12-01
今年12月1号     2026-12-01
明年3月1号      2027-03-01
25号            2026-11-25
二十五号        2026-11-25
15号            2026-12-15
31号            2026-12-31
这个月25号      2026-11-25
下个月8号       2026-12-08
下月8日         2026-12-08
元旦            2027-01-01
国庆            2027-10-01
国庆节          2027-10-01
五一            2027-05-01
劳动节          2027-05-01
圣诞节          2026-12-25
十一            2027-10-01 | 2026-12-11
12月1日周二     2026-12-01
周二 12月1日    2026-12-01
下周二（12月1日）  2026-12-01
12月1日周三     2026-12-01 | 2026-11-25
8号或9号        2026-12-08 | 2026-12-09
后天或者大后天  2026-11-25 | 2026-11-26
12月8号到12月10号  2026-12-08 | 2026-12-10
我想下周二吧    2026-12-01
就明天          2026-11-24
明天。          2026-11-24
2月29号         !no_such_day
2月30号         !no_such_day
4月31日         !no_such_day
13/1            !no_such_day
0月5号          !no_such_day
32号            !no_such_day
2026-02-29      !no_such_day
昨天            !past
前天            !past
上周二          !past
2026年11月22日  !past
85年3月5日      !past
去年3月1号      !past
下周            !which_day
这周            !which_day
8月             !which_day
月底            !vague_day
月初            !vague_day
下个月底        !vague_day
过两天          !vague_day
改天            !vague_day
初八            !lunar
农历八月初八    !lunar
正月            !lunar
春节            !lunar
中秋节          !lunar
每周三          !not_a_date
一周五次        !not_a_date
不是明天        !not_a_date
明天不行        !not_a_date
除了周三都行    !not_a_date
周八            !not_a_date
3号桌           !not_a_date
五一路          !not_a_date
1990            !not_a_date
5               !not_a_date
15:40           !not_a_date
生日            !not_a_date
天天            !not_a_date
随便            !not_a_date
""              !not_a_date
"""


@examples(DATES)
def test_B7_days_said_on_a_monday(said: str, meant: str) -> None:
    assert shown(understand.date(said, MONDAY)) == meant


@pytest.mark.parametrize(
    ("today", "said", "meant"),
    [
        # Sunday: some count the week from today
        ("2026-11-22", "周日", "2026-11-22 | 2026-11-29"),
        ("2026-11-22", "周三", "2026-11-25"),
        ("2026-11-22", "下周二", "2026-11-24 | 2026-12-01"),
        ("2026-11-22", "下周日", "2026-11-29"),
        ("2026-11-22", "这周日", "2026-11-22"),
        ("2026-11-22", "这周五", "2026-11-27"),
        ("2026-11-22", "下周二24号", "2026-11-24"),
        ("2026-11-22", "周末", "2026-11-22 | 2026-11-28 | 2026-11-29"),
        # other days of the week
        ("2026-11-25", "周三", "2026-11-25 | 2026-12-02"),
        ("2026-11-25", "周二", "2026-12-01"),
        ("2026-11-25", "这周二", "!past"),
        ("2026-11-25", "下周三", "2026-12-02"),
        ("2026-11-28", "下周二", "2026-12-01"),
        ("2026-11-28", "周末", "2026-11-28 | 2026-11-29"),
        ("2026-11-27", "周日", "2026-11-29"),
        # the end of a year
        ("2026-12-31", "今天", "2026-12-31"),
        ("2026-12-31", "明天", "2027-01-01"),
        ("2026-12-31", "元旦", "2027-01-01"),
        ("2026-12-31", "12月31日", "2026-12-31"),
        ("2026-12-31", "12月30日", "2027-12-30"),
        ("2026-12-31", "1号", "2027-01-01"),
        ("2026-12-31", "31号", "2026-12-31"),
        ("2026-12-31", "下周二", "2027-01-05"),
        ("2026-12-31", "下个月8号", "2027-01-08"),
        ("2027-01-01", "12月31日", "2027-12-31"),
        ("2027-01-01", "元旦", "2027-01-01"),
        # months of other lengths
        ("2027-01-31", "一个月后", "2027-02-28"),
        ("2027-01-31", "30号", "2027-03-30"),
        ("2027-01-31", "下个月30号", "!no_such_day"),
        ("2027-04-30", "31号", "2027-05-31"),
        # leap days
        ("2027-02-28", "2月29号", "2028-02-29"),
        ("2027-12-31", "2月29日", "2028-02-29"),
        ("2028-02-28", "明天", "2028-02-29"),
        ("2028-02-28", "2月29号", "2028-02-29"),
        ("2028-02-28", "29号", "2028-02-29"),
        ("2028-02-29", "今天", "2028-02-29"),
        ("2028-02-29", "一个月后", "2028-03-29"),
        ("2028-03-01", "2月29号", "!no_such_day"),
        ("2028-02-29", "2月28号", "2029-02-28"),
    ],
)
def test_B7_days_said_on_other_days(today: str, said: str, meant: str) -> None:
    assert shown(understand.date(said, date.fromisoformat(today))) == meant


@pytest.mark.parametrize(
    ("past", "said", "meant"),
    [
        ("refuse", "11月22日", "!past"),
        ("refuse", "11月24日", "2026-11-24"),
        ("refuse", "15号", "!past"),
        ("refuse", "国庆", "!past"),
        ("allow", "11月22日", "2026-11-22"),
        ("allow", "3月1号", "2026-03-01"),
        ("allow", "昨天", "2026-11-22"),
        ("allow", "前天", "2026-11-21"),
        ("allow", "上周二", "2026-11-17"),
        ("allow", "上周日", "2026-11-22"),
        ("allow", "1990年5月3日", "1990-05-03"),
        ("allow", "85年3月5日", "1985-03-05"),
        ("allow", "19900503", "1990-05-03"),
        ("allow", "上个月8号", "2026-10-08"),
        ("allow", "去年3月1号", "2025-03-01"),
        ("allow", "国庆", "2026-10-01"),
        ("allow", "2026-02-29", "!no_such_day"),
    ],
)
def test_B7_days_that_are_over_are_refused_or_allowed_when_asked(past: Any, said: str, meant: str) -> None:
    assert shown(understand.date(said, MONDAY, past=past)) == meant


def test_B7_choices_of_days_are_labelled_with_their_weekday() -> None:
    reading = understand.date("下周二", date(2026, 11, 22))
    assert isinstance(reading, Ambiguous)
    assert [option.label for option in reading.options] == ["11月24日 周二", "12月1日 周二"]
    assert understand.label_date(date(2027, 1, 3), MONDAY) == "2027年1月3日 周日"


def test_B7_unclear_days_come_with_what_the_next_question_needs() -> None:
    assert understand.date("下周", MONDAY) == Unclear(
        "which_day", {"first": date(2026, 11, 30), "last": date(2026, 12, 6)}
    )
    assert understand.date("2月30号", MONDAY) == Unclear("no_such_day", {"month": 2, "day": 30, "last": 28})
    assert understand.date("月底", MONDAY) == Unclear(
        "vague_day", {"first": date(2026, 11, 21), "last": date(2026, 11, 30)}
    )


TIMES = """
15:40           15:40
15：40          15:40
１５：４０      15:40
15 : 40         15:40
15:40:30        15:40
15点40          15:40
15点40分        15:40
15時40分        15:40
十五点四十      15:40
1540            15:40
15.40           15:40
03:30           03:30
0330            03:30
00:00           00:00
0:30            00:30
23:59           23:59
24:00           00:00
24点            00:00
零点            00:00
0点             00:00
下午三点        15:00
下午三點半      15:30
下午三点半      15:30
下午3点30       15:30
下午3:30        15:30
下午三点一刻    15:15
下午三点三刻    15:45
下午三点零五    15:05
下午三点十分    15:10
下午三点过五分  15:05
下午15点        15:00
下午12点        12:00
下午三点钟      15:00
下午三点整      15:00
下午 3 点       15:00
下午差五分三点  14:55
下午差一刻三点  14:45
下午三点差五分  14:55
上午九点        09:00
上午12点        12:00
早上8点         08:00
早8点           08:00
清早六点        06:00
中午            12:00
正午            12:00
中午十二点      12:00
中午十一点半    11:30
中午一点        13:00
傍晚六点        18:00
晚上八点        20:00
晚8点           20:00
晚上7点半       19:30
晚上20点        20:00
晚上十二点      00:00
晚上12点半      00:30
晚上一点        01:00
夜里11点        23:00
半夜两点        02:00
午夜            00:00
凌晨3点         03:00
凌晨12点        00:00
12点            12:00
12点半          12:30
二十点          20:00
3pm             15:00
3:30pm          15:30
3:30 PM         15:30
9am             09:00
12pm            12:00
12am            00:00
3点             03:00 | 15:00
三点            03:00 | 15:00
三點            03:00 | 15:00
三点半          03:30 | 15:30
三点一刻        03:15 | 15:15
3:30            03:30 | 15:30
8点半           08:30 | 20:30
差五分三点      02:55 | 14:55
三点差五分      02:55 | 14:55
差10分钟9点     08:50 | 20:50
两点            02:00 | 14:00
11点            11:00 | 23:00
一点            01:00 | 13:00
下午三点五      15:05 | 15:50
下午九点或十点  21:00 | 10:00 | 22:00
我想下午三点吧  15:00
下午三点左右    15:00
下午三点（15:00）  15:00
25点            !no_such_time
24:30           !no_such_time
3:65            !no_such_time
三点六十分      !no_such_time
上午15点        !no_such_time
中午3点         !no_such_time
凌晨9点         !no_such_time
早上13点        !no_such_time
下午            !which_time
晚上            !which_time
半夜            !which_time
3               !not_a_time
15              !not_a_time
三小时          !not_a_time
3点建议         !not_a_time
有一点累        !not_a_time
早              !not_a_time
不是三点        !not_a_time
随便            !not_a_time
12/1            !not_a_time
""              !not_a_time
"""


@examples(TIMES)
def test_B7_times_of_the_day(said: str, meant: str) -> None:
    assert shown(understand.time_of_day(said), lambda t: f"{t:%H:%M}") == meant


@examples("""
3点           15:00
三点半        15:30
3:30          15:30
差五分三点    14:55
9点           09:00
一点          13:00
11点          11:00
九点或十点    09:00 | 10:00
8点           08:00 | 20:00
凌晨3点       03:00
晚上八点      20:00
""")
def test_B7_opening_hours_decide_between_morning_and_afternoon(said: str, meant: str) -> None:
    assert shown(understand.time_of_day(said, opens=OPENS, closes=CLOSES), lambda t: f"{t:%H:%M}") == meant


def test_B7_choices_of_times_name_the_part_of_the_day() -> None:
    reading = understand.time_of_day("3点半")
    assert isinstance(reading, Ambiguous)
    assert [option.label for option in reading.options] == ["凌晨 3:30", "下午 3:30"]
    assert [understand.label_time(time(h)) for h in (0, 6, 11, 12, 13, 18)] == [
        "凌晨 0:00", "早上 6:00", "上午 11:00", "中午 12:00", "下午 1:00", "晚上 6:00",
    ]  # fmt: skip


MOMENTS = """
明天下午三点约心理咨询        2026-11-24 15:00; 约心理咨询
明天下午三點半約心理諮詢      2026-11-24 15:30; 约心理咨询
我想在明天下午三点半，约心理咨询  2026-11-24 15:30; 我想约心理咨询
约明天 下午 3 点 的 律师       2026-11-24 15:00; 约律师
约心理咨询，明天下午三点      2026-11-24 15:00; 约心理咨询
下午三点明天                  2026-11-24 15:00; -
改到周三下午四点吧            2026-11-25 16:00; -
三点约心理咨询                2026-11-23 15:00; 约心理咨询
十点                          2026-11-24 10:00; -
今天3点                       2026-11-23 15:00; -
明早9点                       2026-11-24 09:00; -
明晚8点                       2026-11-24 20:00; -
今晚12点                      2026-11-24 00:00; -
明晚12点半                    2026-11-25 00:30; -
今晚凌晨一点                  2026-11-24 01:00; -
明天零点                      2026-11-24 00:00; -
24:00                         2026-11-24 00:00; -
12月31日晚上12点              2027-01-01 00:00; -
12月1日 15:40                 2026-12-01 15:40; -
2026-12-1 15:40 讲座          2026-12-01 15:40; 讲座
12/1 3pm                      2026-12-01 15:00; -
下周二下午两点的讲座          2026-12-01 14:00; 讲座
三天后下午三点                2026-11-26 15:00; -
半小时后                      2026-11-23 14:00; -
一个半小时后开会              2026-11-23 15:00; 开会
过十分钟后                    2026-11-23 13:40; -
现在                          2026-11-23 13:30; -
周一下午3点                   2026-11-23 15:00 | 2026-11-30 15:00; -
周一上午9点                   2026-11-30 09:00; -
明天夜里两点                  2026-11-24 02:00 | 2026-11-25 02:00; -
今天早上8点                   !past; -
昨天下午三点                  !past; -
2月30号下午三点               !no_such_day; -
明天25点                      !no_such_time; -
明天下午约律师                !which_time; 约律师
今天晚上                      !which_time; -
明天约心理咨询                none; 约心理咨询
一周后                        none; -
3号桌见                       none; 3号桌见
有一点累                      none; 有一点累
我有3点建议                   none; 我有3点建议
快一点回复                    none; 快一点回复
孩子出生以后总是睡不着        none; 孩子出生以后总是睡不着
找 85-92 女 西湖区 教师       none; 找 85-92 女 西湖区 教师
身高一米七六                  none; 身高一米七六
我住五一路3号楼               none; 我住五一路3号楼
13812345678                   none; 13812345678
33010619900307293             none; 33010619900307293
加班累死了                    none; 加班累死了
""                            none; -
"""


@examples(MOMENTS)
def test_B7_moments_anywhere_in_a_sentence(said: str, meant: str) -> None:
    now = datetime(2026, 11, 23, 13, 30, 20, tzinfo=SHANGHAI)
    found = understand.moment(said, now, opens=OPENS, closes=CLOSES)
    at = shown(found.at, lambda m: f"{m:%Y-%m-%d %H:%M}") if found.at else "none"
    assert f"{at}; {found.rest or '-'}" == meant


def test_B7_a_moment_keeps_apart_what_was_said_of_the_day_and_of_the_time() -> None:
    now = datetime(2026, 11, 23, 5, 30, tzinfo=SHANGHAI)
    found = understand.moment("明天约心理咨询", now)
    assert found.day == Understood(date(2026, 11, 24))
    assert found.time is None
    found = understand.moment("下午三点", now)
    assert found.day is None
    assert found.time == Understood(time(15))
    choice = understand.moment("明天3点", now).at
    assert isinstance(choice, Ambiguous)
    assert [option.label for option in choice.options] == [
        "11月24日 周二 凌晨 3:00",
        "11月24日 周二 下午 3:00",
    ]


@pytest.mark.parametrize(
    ("now", "said", "meant"),
    [
        ("2026-12-31 23:59", "明天下午三点", "2027-01-01 15:00"),
        ("2026-12-31 23:59", "今晚12点", "2027-01-01 00:00"),
        ("2026-12-31 23:59", "两分钟后", "2027-01-01 00:01"),
        ("2027-01-01 00:00", "今天零点", "2027-01-01 00:00"),
        ("2027-01-01 00:01", "零点", "2027-01-02 00:00"),
        ("2028-02-28 12:00", "明天下午三点", "2028-02-29 15:00"),
        ("2028-02-29 12:00", "晚上12点", "2028-03-01 00:00"),
    ],
)
def test_B7_moments_around_midnight_new_year_and_leap_days(now: str, said: str, meant: str) -> None:
    found = understand.moment(said, datetime.fromisoformat(now).replace(tzinfo=SHANGHAI))
    assert found.at is not None
    assert shown(found.at, lambda m: f"{m:%Y-%m-%d %H:%M}") == meant


@examples("""
13812345678            13812345678
138 1234 5678          13812345678
138-1234-5678          13812345678
138.1234.5678          13812345678
１３８１２３４５６７８  13812345678
+8613812345678         13812345678
+86 138 1234 5678      13812345678
＋86 138－1234－5678    13812345678
8613812345678          13812345678
008613812345678        13812345678
013812345678           13812345678
一三八一二三四五六七八  13812345678
幺三八一二三四五六七八  13812345678
我的手机号是13812345678  13812345678
电话：13812345678      13812345678
19912345678            19912345678
0571-87654321          0571-87654321
0571 87654321          0571-87654321
(0571)87654321         0571-87654321
（0571）8765432        0571-8765432
+86 571 87654321       0571-87654321
010-62345678           010-62345678
13812345678或13912345678   13812345678 | 13912345678
13812345678 13912345678    13812345678 | 13912345678
1381234567             !phone_length
138123456789           !phone_length
110                    !phone_length
12812345678            !phone_start
11012345678            !phone_start
87654321               !area_code
0571-876543            !landline
010-12345678           !landline
400-123-4567           !phone_service
+852 6123 4567         !phone_abroad
1381234567a            !not_a_phone
١٣٨١٢٣٤٥٦٧٨            !not_a_phone
没有手机               !not_a_phone
+                      !not_a_phone
""                     !not_a_phone
""")
def test_B7_phones(said: str, meant: str) -> None:
    assert shown(understand.phone(said), lambda p: p.number) == meant


def test_B7_a_phone_says_how_many_digits_it_has_and_is_masked_in_logs() -> None:
    assert understand.phone("138 1234 567") == Unclear("phone_length", {"digits": 10, "wanted": 11})
    assert shown(understand.phone("0571-87654321", mobile_only=True)) == "!landline"
    reading = understand.phone("138 1234 5678")
    assert "13812345678" not in repr(reading)
    assert isinstance(reading, Understood)
    assert reading.value.kind == "mobile"
    assert reading.value.masked() == "138****5678"


def identity(first17: str) -> str:
    """An invented number with its check character."""
    return first17 + mod_11_2.calc_check_digit(first17)


WORKER = identity("33010619900307293")
WITH_X = "33010619900307201X"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (WORKER, WORKER),
        (WITH_X, WITH_X),
        (WITH_X.lower(), WITH_X),
        (WITH_X.replace("X", "×"), WITH_X),
        (WITH_X.replace("X", "Х"), WITH_X),  # Cyrillic
        ("330106 19900307 201x", WITH_X),
        ("330106-19900307-201X", WITH_X),
        ("３３０１０６１９９００３０７２０１Ｘ", WITH_X),
        (f"身份证号：{WORKER}", WORKER),
        (f"我的身份证是{WORKER}", WORKER),
        (identity("81000019900307293"), identity("81000019900307293")),
        (identity("82000019900307293"), identity("82000019900307293")),
        (identity("83000019900307293"), identity("83000019900307293")),
        (identity("93315619900307293"), identity("93315619900307293")),
        (identity("33010620000229293"), identity("33010620000229293")),
        ("33010619900307293", "!id_length"),
        (WORKER + "1", "!id_length"),
        ("1", "!id_length"),
        ("330106900307293", "!id_old"),
        ("USA331990030700", "!id_foreign_old"),
        ("3301061990030729３X", "!id_checksum"),
        (WORKER[:16] + "5" + WORKER[17], "!id_checksum"),
        (WORKER[:4] + "60" + WORKER[6:], "!id_checksum"),  # two digits swapped
        (identity("33010619900230293"), "!id_birth_date"),
        (identity("33010619900229293"), "!id_birth_date"),
        (identity("33010619901307293"), "!id_birth_date"),
        (identity("33010620261124293"), "!id_birth_date"),
        (identity("33010618500307293"), "!id_birth_date"),
        (identity("00010619900307293"), "!id_region"),
        (identity("99915619900307293"), "!id_region"),
        ("33010619900307X93X", "!id_characters"),
        ("33010619900307293A", "!id_characters"),
        ("没带身份证", "!id_characters"),
        ("", "!id_characters"),
    ],
)
def test_B7_id_numbers(said: str, meant: str) -> None:
    assert shown(understand.id_number(said, MONDAY), lambda i: i.number) == meant


def test_B7_an_id_number_knows_birth_sex_age_and_kind_and_stays_out_of_logs() -> None:
    reading = understand.id_number(WORKER, MONDAY)
    assert isinstance(reading, Understood)
    person = reading.value
    assert (person.born, person.sex, person.kind) == (date(1990, 3, 7), "male", "resident")
    assert person.age(date(2026, 3, 6)) == 35
    assert person.age(date(2026, 3, 7)) == 36
    assert not set(repr(reading)) & set("0123456789")
    permit = understand.id_number(identity("81000019900307284"), MONDAY)
    assert isinstance(permit, Understood)
    assert (permit.value.kind, permit.value.sex) == ("hmt_permit", "female")
    foreigner = understand.id_number(identity("93315619900307293"), MONDAY)
    assert isinstance(foreigner, Understood)
    assert foreigner.value.kind == "foreigner_permit"


def test_B7_somebody_born_on_a_leap_day_is_older_on_the_first_of_march() -> None:
    reading = understand.id_number(identity("33010620000229293"), MONDAY)
    assert isinstance(reading, Understood)
    assert [reading.value.age(d) for d in (date(2027, 2, 28), date(2027, 3, 1), date(2028, 2, 29))] == [
        26,
        27,
        28,
    ]


def test_B7_an_id_number_of_17_characters_is_told_so() -> None:
    assert understand.id_number("33010619900307293", MONDAY) == Unclear(
        "id_length", {"length": 17, "wanted": 18}
    )


@examples("""
6230            6230.00
6,230元         6230.00
6，230元        6230.00
６２３０        6230.00
6230.5          6230.50
6230.05元       6230.05
¥6,230.00       6230.00
￥6230          6230.00
6230 元         6230.00
6230元整        6230.00
人民币6230      6230.00
一共6230块钱    6230.00
六千二          6200.00
六千二百三      6230.00
六千二百三十元五角二分  6230.52
壹万贰仟元整    12000.00
两万五          25000.00
1.5万           15000.00
1万5            15000.00
1w              10000.00
1.2k            1200.00
6千2            6200.00
3块5            3.50
3块5毛          3.50
三块五          3.50
三块五毛二      3.52
五毛            0.50
五分            0.05
0               0.00
0.01            0.01
1,564.00        1564.00
一千五左右      1500.00
99999999999     99999999999.00
五六千          5000.00 | 6000.00
5000-6000       5000.00 | 6000.00
五千到六千      5000.00 | 6000.00
6000或者6500    6000.00 | 6500.00
六千多          !vague_sum
几千块          !not_money
$100            !currency
100美元         !currency
500港币         !currency
6230.555        !money_fraction
100000000000    !too_big
99999999999999999999  !too_big
-5              !not_money
1,56            !not_money
元              !not_money
没发            !not_money
""              !not_money
""")
def test_B7_sums_of_money_are_whole_fen(said: str, meant: str) -> None:
    assert shown(understand.money_fen(said), lambda fen: f"{fen // 100}.{fen % 100:02d}") == meant


@examples("""
是          True
是的        True
好          True
好的，谢谢  True
好呀！      True
可以        True
行吧        True
嗯嗯        True
没问题      True
愿意        True
OK          True
ＯＫ        True
1           True
👌          True
[OK]        True
不          False
不是        False
不要        False
不用了，谢谢  False
不愿意      False
没有        False
算了        False
No          False
２          False
不确定      !unsure
随便        !unsure
再想想      !unsure
是不是      !not_yes_or_no
可以吗      !not_yes_or_no
不太好      !not_yes_or_no
3           !not_yes_or_no
""          !not_yes_or_no
""")
def test_B7_yes_and_no(said: str, meant: str) -> None:
    assert shown(understand.yes_no(said)) == meant


NOW = datetime(2026, 11, 23, 13, 30, tzinfo=SHANGHAI)
READERS: list[Callable[[str], object]] = [
    understand.number,
    lambda text: understand.number(text, decimals=True),
    lambda text: understand.year(text, MONDAY),
    lambda text: understand.year_range(text, MONDAY),
    understand.height_cm,
    lambda text: understand.date(text, MONDAY),
    lambda text: understand.date(text, date(2028, 2, 29), past="refuse"),
    lambda text: understand.date(text, MONDAY, past="allow"),
    understand.time_of_day,
    lambda text: understand.moment(text, NOW, opens=OPENS, closes=CLOSES).at,
    lambda text: understand.moment(text, NOW, past="allow").day,
    understand.phone,
    lambda text: understand.id_number(text, MONDAY),
    understand.money_fen,
    understand.yes_no,
]
# Mostly characters that mean something here, so that the patterns are reached.
MEANT = (
    "0123456789０１２〇零一二两三四五六七八九十百千万亿廿半点點分刻差时小钟个年月日号天周星期末下上这本明后大今昨早晚午"
    "凌晨夜米元块毛角岁前到至或-/.:,:，。 +xXa"
)
TEXTS = st.one_of(st.text(), st.text(alphabet=MEANT, max_size=24), st.text(st.characters(), max_size=400))


@settings(deadline=None)  # a busy machine is no bug
@given(TEXTS)
def test_B7_no_text_raises_and_no_choice_has_less_than_two_options(text: str) -> None:
    for read in READERS:
        reading = read(text)
        assert reading is None or isinstance(reading, Understood | Ambiguous | Unclear)
        if isinstance(reading, Ambiguous):
            assert len(reading.options) >= 2
            assert len({option.value for option in reading.options}) == len(reading.options)


@pytest.mark.parametrize(
    "text", ["\ud800", "\0", "9" * 5000, "九" * 5000, "一" * 119, "下" * 119, "年月日" * 39, " " * 300]
)
def test_B7_hostile_texts_are_unclear(text: str) -> None:
    for read in READERS:
        reading = read(text)
        assert reading is None or isinstance(reading, Understood | Ambiguous | Unclear)
    assert isinstance(understand.date(text, MONDAY), Unclear)
    assert isinstance(understand.id_number(text, MONDAY), Unclear)


@settings(deadline=None)  # a busy machine is no bug
@given(st.text(max_size=30))
def test_B7_full_width_and_traditional_spelling_mean_the_same(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded
    assert understand.date(text, MONDAY) == understand.date(folded, MONDAY)
    assert understand.number(text) == understand.number(folded)


HANZI = "〇一二三四五六七八九"


def spelled(value: int) -> str:
    """31 as 三十一."""
    tens, ones = divmod(value, 10)
    return ("" if tens == 0 else "十" if tens == 1 else HANZI[tens] + "十") + (HANZI[ones] if ones else "")


@settings(deadline=None)  # a busy machine is no bug
@given(st.dates(MONDAY, date(2099, 12, 31)))
def test_B7_a_date_written_in_five_ways_is_the_same_date(day: date) -> None:
    digits = "".join(HANZI[int(c)] for c in str(day.year))
    for said in (
        day.isoformat(),
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{digits}年{spelled(day.month)}月{spelled(day.day)}号",
        f"{day:%Y%m%d}",
    ):
        assert understand.date(said, MONDAY) == Understood(day), said


@settings(deadline=None)  # a busy machine is no bug
@given(
    st.dates(MONDAY, MONDAY + timedelta(days=364)),
    st.sampled_from(["{0.month}月{0.day}号", "{0.month}/{0.day}"]),
)
def test_B7_a_day_of_the_coming_year_needs_no_year(day: date, form: str) -> None:
    assert understand.date(form.format(day), MONDAY) == Understood(day)


@settings(deadline=None)  # a busy machine is no bug
@given(st.times())
def test_B7_a_time_written_in_four_ways_is_the_same_time(at: time) -> None:
    at = at.replace(second=0, microsecond=0, tzinfo=None)
    forms = [f"{at:%I:%M%p}".lower(), f"{at:%I:%M} {at:%p}"]
    if at.hour not in (10, 11):  # 10:00 may be ten at night
        forms += [f"{at:%H:%M}", f"{at:%H}点{at:%M}分", f"{at:%H%M}"]
    for said in forms:
        assert understand.time_of_day(said) == Understood(at), said


@settings(deadline=None)  # a busy machine is no bug
@given(st.integers(0, 9999))
def test_B7_a_number_spelled_out_is_the_number(value: int) -> None:
    assert understand.number(str(value)) == Understood(value)
    assert understand.number(f"{value:,}个") == Understood(value)
    if value >= 100:
        q, b, s, g = (int(c) for c in f"{value:04d}")
        text = "".join(
            (f"{HANZI[q]}千" if q else "", f"{HANZI[b]}百" if b else "〇" if q and (s or g) else "")
        )
        text += f"{HANZI[s]}十" if s else "零" if g and not text.endswith("〇") else ""
        text += HANZI[g] if g else ""
        reading = understand.number(text)
        assert reading == Understood(value), text


@settings(deadline=None)  # a busy machine is no bug
@given(st.integers(0, 10**12))
def test_B7_money_comes_back_as_it_was_written(fen: int) -> None:
    assert understand.money_fen(understand.label_yuan(fen)) == Understood(fen)


@settings(deadline=None)  # a busy machine is no bug
@given(st.integers(13_000_000_000, 19_999_999_999), st.sampled_from(["{}", "+86 {}", "{0:,}", "手机号：{}"]))
def test_B7_a_mobile_number_survives_its_decoration(number: int, form: str) -> None:
    reading = understand.phone(form.format(number).replace(",", " "))
    assert isinstance(reading, Understood)
    assert reading.value.number == str(number)


@settings(deadline=None)  # a busy machine is no bug
@given(
    st.dates(date(1920, 1, 1), date(2026, 1, 1)), st.integers(0, 999), st.integers(0, 16), st.integers(0, 9)
)
def test_B7_one_wrong_digit_of_an_id_number_never_passes(born: date, order: int, at: int, digit: int) -> None:
    number = identity(f"330106{born:%Y%m%d}{order:03d}")
    reading = understand.id_number(number, MONDAY)
    assert isinstance(reading, Understood)
    assert reading.value.born == born
    wrong = f"{number[:at]}{digit}{number[at + 1 :]}"
    assert wrong == number or isinstance(understand.id_number(wrong, MONDAY), Unclear)


def test_B7_marks_around_a_number_copied_on_a_phone_are_not_seen() -> None:
    for mark in ("\u202d", "\u202a", "\u2066", "\u200e", "\u200b"):
        assert isinstance(understand.phone(f"{mark}138 0013 8000\u202c"), Understood)
        assert isinstance(understand.number(f"{mark}12\u2069"), Understood)
