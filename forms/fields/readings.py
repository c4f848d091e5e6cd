"""Questions whose answers `forms.understand` reads: numbers, years, dates, phone and ID numbers."""

from __future__ import annotations

import datetime as dt
from dataclasses import KW_ONLY, dataclass
from typing import Any, Literal

from core.clock import SHANGHAI, local
from forms.answers import Given, Json
from forms.fields.base import Either, Field, Got, Heard, from_reading, named
from forms.understand import dates, days, measures, moments, numbers, people, times, years
from forms.understand.outcome import Reading, Unclear, Understood


@dataclass(frozen=True)
class Read(Field):
    """A field that is one function of `forms.understand`."""

    def read(self, text: str, given: Given) -> Reading[Any]:
        """What the text may mean."""
        raise NotImplementedError

    def hear(self, text: str, given: Given) -> Heard:
        """The one meaning, or which, or why none."""
        return from_reading(self.read(text, given), self.sentence)


@dataclass(frozen=True)
class Number(Read):
    """A whole number within bounds, both included."""

    _: KW_ONLY
    unit: str = ""
    low: int = 0
    high: int = 10**6

    def read(self, text: str, given: Given) -> Reading[int]:
        """Also with its unit: 3个, 三个人."""
        return numbers.number(text.strip().removesuffix(self.unit) if self.unit else text)

    def problem(self, value: Any, given: Given) -> str | None:
        """The bounds, then the checks."""
        if not self.low <= value <= self.high:
            return self.sentence("number_range", {"low": self.low, "high": self.high})
        return super().problem(value, given)

    def load(self, stored: Json, given: Given) -> int:
        """A whole number."""
        if not isinstance(stored, int) or isinstance(stored, bool):
            raise named(self.key, "a number")
        return stored

    def show(self, value: Any, given: Given) -> str:
        """With its unit."""
        return f"{value}{self.unit}"


@dataclass(frozen=True)
class Height(Number):
    """A height in centimetres."""

    _: KW_ONLY
    unit: str = "cm"
    low: int = 105
    high: int = 230

    def read(self, text: str, given: Given) -> Reading[int]:
        """176, 1米76, 一七六."""
        return measures.height_cm(text, low=self.low, high=self.high)


@dataclass(frozen=True)
class Money(Number):
    """A sum, as a whole number of fen."""

    _: KW_ONLY
    high: int = 10**10

    def read(self, text: str, given: Given) -> Reading[int]:
        """6,230元, 六千二, 1.5万."""
        return measures.money_fen(text)

    def problem(self, value: Any, given: Given) -> str | None:
        """The bounds in yuan, then the checks."""
        if not self.low <= value <= self.high:
            low, high = measures.label_yuan(self.low), measures.label_yuan(self.high)
            return self.sentence("number_range", {"low": low, "high": high})
        return Field.problem(self, value, given)

    def show(self, value: Any, given: Given) -> str:
        """6,230.00 元."""
        return measures.label_yuan(value)


@dataclass(frozen=True)
class Year(Number):
    """A year of birth."""

    _: KW_ONLY
    unit: str = "年"
    low: int = 1900
    high: int = 2100

    def read(self, text: str, given: Given) -> Reading[int]:
        """1990, 90年, 九零年, 35岁."""
        return years.year(text, given.today)


@dataclass(frozen=True)
class YearSpan(Read):
    """From one year of birth to another; either end may be open."""

    def read(self, text: str, given: Given) -> Reading[years.YearRange]:
        """85-92, 90后, 25-35岁, 都可以."""
        return years.year_range(text, given.today)

    def dump(self, value: Any) -> Json:
        """Both ends."""
        return [value.first, value.last]

    def load(self, stored: Json, given: Given) -> years.YearRange:
        """Two ends, each a year or None."""
        match stored:
            case [int() | None as first, int() | None as last]:
                return years.YearRange(first, last)
        raise named(self.key, "a span of years")

    def show(self, value: Any, given: Given) -> str:
        """1985–1992年."""
        shown: str = value.label()
        return shown


@dataclass(frozen=True)
class Phone(Read):
    """A phone number as text; a mobile one unless `mobile_only` is off."""

    _: KW_ONLY
    sensitive: bool = True
    mobile_only: bool = True

    def read(self, text: str, given: Given) -> Reading[people.Phone]:
        """With blanks, dashes, +86."""
        return people.phone(text, mobile_only=self.mobile_only)

    def hear(self, text: str, given: Given) -> Heard:
        """The bare number."""
        heard = super().hear(text, given)
        if isinstance(heard, Got):
            return Got(heard.value.number)
        if not isinstance(heard, Either):
            return heard
        return Either(tuple((label, value.number) for label, value in heard.options))

    def load(self, stored: Json, given: Given) -> str:
        """A number that still is one."""
        read = people.phone(stored, mobile_only=self.mobile_only) if isinstance(stored, str) else None
        if not isinstance(read, Understood):
            raise named(self.key, "a phone number")
        return read.value.number

    def masked(self, value: Any, given: Given) -> str:
        """138****5678."""
        return f"{value[:3]}****{value[-4:]}"


@dataclass(frozen=True)
class IdNumber(Read):
    """A resident identity card number, or a permit's of the same form."""

    _: KW_ONLY
    sensitive: bool = True

    def read(self, text: str, given: Given) -> Reading[people.IdNumber]:
        """18 characters, checked."""
        return people.id_number(text, given.today)

    def dump(self, value: Any) -> Json:
        """The number."""
        number: str = value.number
        return number

    def load(self, stored: Json, given: Given) -> people.IdNumber:
        """The number with what it says: date of birth, sex."""
        read = people.id_number(stored, given.today) if isinstance(stored, str) else None
        if not isinstance(read, Understood):
            raise named(self.key, "an ID number")
        return read.value

    def masked(self, value: Any, given: Given) -> str:
        """330***********293X."""
        shown: str = value.masked()
        return shown


@dataclass(frozen=True)
class Date(Read):
    """A day. `past` says what a day that is over means (forms.understand.dates)."""

    _: KW_ONLY
    past: Literal["roll", "refuse", "allow"] = "roll"

    def read(self, text: str, given: Given) -> Reading[dt.date]:
        """明天, 8月8号, 下周二."""
        return dates.date(text, given.today, past=self.past)

    def dump(self, value: Any) -> Json:
        """ISO 8601."""
        iso: str = value.isoformat()
        return iso

    def load(self, stored: Json, given: Given) -> dt.date:
        """A day."""
        if not isinstance(stored, str):
            raise named(self.key, "a day")
        return dt.date.fromisoformat(stored)

    def show(self, value: Any, given: Given) -> str:
        """11月24日 周二."""
        return days.label_date(value, given.today)


@dataclass(frozen=True)
class TimeOfDay(Read):
    """A time on the clock. Opening hours decide what a bare 3点 means."""

    _: KW_ONLY
    opens: dt.time | None = None
    closes: dt.time | None = None

    def read(self, text: str, given: Given) -> Reading[dt.time]:
        """下午三点半, 15:30."""
        return times.time_of_day(text, opens=self.opens, closes=self.closes)

    def dump(self, value: Any) -> Json:
        """ISO 8601."""
        iso: str = value.isoformat("minutes")
        return iso

    def load(self, stored: Json, given: Given) -> dt.time:
        """A time."""
        if not isinstance(stored, str):
            raise named(self.key, "a time")
        return dt.time.fromisoformat(stored)

    def show(self, value: Any, given: Given) -> str:
        """15:30."""
        return times.label_time(value)


@dataclass(frozen=True)
class Moment(Read):
    """A day with a time, aware. Answers that name only one of them are asked for the other."""

    _: KW_ONLY
    opens: dt.time | None = None
    closes: dt.time | None = None
    past: Literal["roll", "refuse", "allow"] = "roll"

    def read(self, text: str, given: Given) -> Reading[dt.datetime]:
        """明天下午三点半."""
        said = moments.moment(text, given.now, opens=self.opens, closes=self.closes, past=self.past)
        if said.at is not None:
            return said.at
        return said.day if isinstance(said.day, Unclear) else Unclear("not_a_time")

    def dump(self, value: Any) -> Json:
        """ISO 8601, with its offset."""
        iso: str = value.isoformat()
        return iso

    def load(self, stored: Json, given: Given) -> dt.datetime:
        """A moment, aware."""
        value = dt.datetime.fromisoformat(stored) if isinstance(stored, str) else None
        if value is None or value.tzinfo is None:
            raise named(self.key, "a moment")
        return value.astimezone(SHANGHAI)

    def show(self, value: Any, given: Given) -> str:
        """11月24日 周二 15:30."""
        here = local(value)
        return f"{days.label_date(here.date(), given.today)} {times.label_time(here.time())}"
