"""People who book, move and cancel in chat, and professionals who are away; each says what its luck says.

Nobody of them knows what is killed meanwhile. Who is not answered tries again or starts anew, as people do.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

from emulator.testing import Phone

HOURS = (9, 10, 11, 14, 15, 16)
NAMES = ("陈老师的心理咨询", "林老师的心理咨询", "心理咨询", "高律师的法律咨询")
CONFIRMS = 8
"""So often somebody says 确定 before they give up."""

_BOOKED = re.compile(r"约好了，编号 (A\d+)|编号 (A\d+)，回“我的预约”")
_MOVED = re.compile(r"改好了，(A\d+)|编号 (A\d+)，回“我的预约”")


@dataclass
class Submitted:
    """One form that somebody confirmed, however often they had to say so: the numbers they were told."""

    told: set[str] = field(default_factory=set)
    is_answered: bool = False


class Caller:
    """Somebody with a phone."""

    def __init__(self, phone: Phone, rng: random.Random, days: Sequence[date]) -> None:
        self.phone, self.rng, self.days = phone, rng, days
        self.is_lost = False
        """Whether something was not answered as expected: a form may be open."""
        self.replies: set[int] = set()
        """Numbers of the messages that were answers; the others were pushed."""

    def act(self) -> None:
        """One thing from its beginning to its end."""
        if self.is_lost:
            self.is_lost = not self.says("取消")
        self.rng.choice(self.acts())()

    def acts(self) -> Sequence[Callable[[], None]]:
        raise NotImplementedError

    def says(self, text: str, tap: str = "") -> str:
        """What the answer is; nothing when there was none, or when it is to be pushed later."""
        delivery = self.phone.tap(tap, text) if tap else self.phone.say(text)
        self.replies |= {message.id for message in delivery.messages}
        return "\n".join(shown.text for shown in delivery.shown) if delivery.verdict == "reply" else ""

    def expects(self, fragment: str, text: str, tap: str = "") -> str:
        """The answer, if it has this in it."""
        heard = self.says(text, tap)
        self.is_lost = fragment not in heard
        return "" if self.is_lost else heard

    @property
    def pushed(self) -> list[str]:
        """What came without having been asked for."""
        return [one.text for one in self.phone.heard if one.id not in self.replies]

    def some_day(self) -> str:
        day = self.rng.choice(self.days)
        return f"{day.month}月{day.day}日"


class Worker(Caller):
    """Somebody who wants to talk to somebody."""

    def __init__(self, phone: Phone, rng: random.Random, days: Sequence[date]) -> None:
        super().__init__(phone, rng, days)
        self.bookings: list[Submitted] = []
        self.moves: list[Submitted] = []
        self.gave_up: set[int] = set()
        """Ids of bookings that this one said to cancel, answered or not."""
        self.was_told_off: set[int] = set()

    def acts(self) -> Sequence[Callable[[], None]]:
        return (*[self.books] * 5, *[self.moves_one] * 3, *[self.cancels] * 2)

    def books(self) -> None:
        """In a sentence; what is nearest when that is not to be had."""
        heard = self.says(f"{self.some_day()}{self.rng.choice(HOURS)}点约{self.rng.choice(NAMES)}")
        if "约不到" in heard:
            heard = self.says(str(self.rng.randint(1, 3)))
        self.is_lost = "不想写" not in heard
        if not self.is_lost and self.expects("确认一下", "不想写"):
            self.bookings.append(self.confirms(_BOOKED))

    def moves_one(self) -> None:
        """To another day and time."""
        found = re.findall(r"booking_move\.(\d+)", self.says("我的预约"))
        if not found or not self.expects("哪一天", "改约", f"booking_move.{self.rng.choice(found)}"):
            return
        if self.expects("几点", self.some_day()) and self.expects("确认一下", str(self.rng.randint(1, 4))):
            self.moves.append(self.confirms(_MOVED))

    def cancels(self) -> None:
        """One of them."""
        found = re.findall(r"booking_cancel\.(\d+)", self.says("我的预约"))
        if found:
            number = int(self.rng.choice(found))
            self.gave_up.add(number)
            if "取消了" in self.says("确定取消", f"booking_cancel.{number}.yes"):
                self.was_told_off.add(number)

    def confirms(self, number: re.Pattern[str]) -> Submitted:
        """确定 until it is answered, and what is offered instead when somebody was faster."""
        done = Submitted()
        heard = ""
        for _ in range(CONFIRMS):
            heard = self.says("1") if "要哪一个" in heard else self.says("确定")
            found = number.search(heard)
            if found:
                done.told.add(found[1] or found[2])
            if found and self.rng.random() < 0.8:  # the others say it once more, to be sure
                break
        done.is_answered = bool(heard)
        self.is_lost = not done.told
        return done


class Professional(Caller):
    """Somebody who cannot always come."""

    def __init__(self, phone: Phone, rng: random.Random, days: Sequence[date]) -> None:
        super().__init__(phone, rng, days)
        self.absences: list[str] = []

    def acts(self) -> Sequence[Callable[[], None]]:
        return (*[self.is_away] * 2, *[self.comes_back] * 2, lambda: void(self.says("今日安排")))

    def is_away(self) -> None:
        """Sees whom it hits, and is sure; taps until that is answered."""
        heard = self.says(f"{self.some_day()}{self.rng.choice(('上午', '下午'))}请假")
        found = re.search(r"away\.\d+\.\d+\.\d+", heard)
        for _ in range(CONFIRMS if found else 0):
            assert found
            heard = self.says("确定请假", found[0])
            self.absences += re.findall(r"back\.\d+", heard)
            if heard:
                return

    def comes_back(self) -> None:
        """Takes the oldest absence back, so that there is something to book."""
        if self.absences and self.says("撤回请假", self.absences[0]):
            del self.absences[0]


def void(_: object) -> None:
    """Said for its effect."""
