"""Whole moments anywhere in a sentence: 明天下午三点约心理咨询."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from core.clock import local
from forms.understand.dates import find_days, together
from forms.understand.days import Ask, Past, label_date
from forms.understand.lengths import PIECE, minutes
from forms.understand.outcome import Reading, Unclear, meanings, settle, tidy
from forms.understand.times import find_times, label_time, read_times, time_slots

_LATER = re.compile(rf"(?:再?过|等)?(?P<length>(?:{PIECE}[零又]?){{1,3}})(?:以|之|过)?后")
_NOW = re.compile("现在|马上|立刻|立即|这就")
_JOIN_BEFORE = re.compile(r"(?:定在|改到|改在|约在|安排在|放在|在|于|到|至|,|\s)+$")
_JOIN_AFTER = re.compile(r"^(?:的时候|时候|左右|前后|之间|[的吧呢,.、)\s])+")


@dataclass(frozen=True, slots=True)
class Moment:
    """What a sentence says about when, and what else it says.

    `day` and `time` are None when the sentence does not mention them; `at` joins both, and is None unless a time is
    said (a time alone is the next such time). Something that is said but has no such day or time is Unclear there.
    """

    day: Reading[date] | None
    time: Reading[time] | None
    at: Reading[datetime] | None
    rest: str


def _label(moment: datetime, today: date) -> str:
    return f"{label_date(moment.date(), today)} {label_time(moment.time())}"


def _ahead(moments: Iterable[datetime], now: datetime, past: Past) -> Reading[datetime]:
    moments = list(moments)
    left = moments if past == "allow" else [m for m in moments if m >= now]
    over = Unclear("past", {"at": moments[-1]}) if moments else Unclear("not_a_time")
    return settle(left, lambda m: _label(m, now.date()), none=over)


def _rest(text: str, spans: list[tuple[int, int]]) -> str:
    """The sentence without the spans and the small words that tied them to it."""
    pieces, position = [], 0
    for start, end in sorted(spans):
        pieces.append(_JOIN_BEFORE.sub("", text[position:start]) if start > position else "")
        position = max(position, end)
    last = text[position:]
    pieces.append(_JOIN_AFTER.sub("", last) if spans else last)
    return re.sub(r"\s+", " ", "".join(pieces)).strip(" ,.!?;、:~")


def moment(
    text: str, now: datetime, *, opens: time | None = None, closes: time | None = None, past: Past = "roll"
) -> Moment:
    """The day and time said in a sentence, and the rest of it, tidied; `now` is aware.

    明天下午三点约心理咨询 gives tomorrow 15:00 and the rest 约心理咨询. A time alone is today's, or tomorrow's when it
    is over; 今晚十二点 is the midnight that follows; 半小时后 counts from now. Moments that are over are left out, so
    今天三点 said at noon is 15:00. Otherwise as `date` and `time_of_day`.
    """
    text = tidy(text)
    now = local(now).replace(second=0, microsecond=0)
    today = now.date()
    m = _LATER.search(text)
    lengths = minutes(m["length"]) if m and not set("天周期拜日") & set(m["length"]) else []
    if m and lengths and all(n == int(n) and n < 10**6 for n in lengths):
        later = _ahead((now + timedelta(minutes=int(n)) for n in lengths), now, past)
        return Moment(None, None, later, _rest(text, [m.span()]))
    days = find_days(text, Ask(today, past))
    times = find_times(text)
    times = [t for t in times if not any(d.start < t.end and t.start < d.end for d in days)]
    spans = [(d.start, d.end) for d in days] + [(t.start, t.end) for t in times]
    if not times and not days and (m := _NOW.search(text)) is not None:
        return Moment(None, None, _ahead([now], now, past), _rest(text, [m.span()]))
    day = together(days, today) if days else None
    said = read_times(times, opens, closes) if times else None
    slots = time_slots(times, opens, closes) if times else []
    at: Reading[datetime] | None = None
    if isinstance(slots, Unclear):
        at = slots
    elif slots and isinstance(day, Unclear):
        at = day
    elif slots:
        base = meanings(day) if day else [today]
        moments = [_at(d, slot, now) for d in base for slot in slots]
        if day is None and past != "allow":
            moments = [m if m >= now else m + timedelta(days=1) for m in moments]
        at = _ahead(sorted(moments) if day is None else moments, now, past)
    return Moment(day, said, at, _rest(text, spans))


def _at(day: date, slot: int, now: datetime) -> datetime:
    midnight = datetime(day.year, day.month, day.day, tzinfo=now.tzinfo)
    return midnight + timedelta(minutes=slot) if day < date(9999, 12, 30) else midnight
