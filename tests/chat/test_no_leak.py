"""E3, E6: whatever four people do, no contact is said without both, and a no looks like no answer."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import NoResultFound

from tests.chat.account import Account, Phone
from tests.chat.fair import Fair, passes, pushed

NAMES = ("阿岳", "大川", "小禾", "木木")
_centuries = itertools.count()
CONTACTS = tuple(f"secret_of_{number}" for number in range(4))

TIMES = ({"minutes": 20}, {"days": 1, "minutes": 1}, {"days": 31})
TARGETED = ("ask", "ask", "ask", "tap", "keep", "report", "look", "yes", "yes", "no", "no", "later")
ALONE = ("meet", "messages", "first", "favourites", "mine", "find", "pause", "resume", "withdraw", "again")

person = st.integers(0, 3)
acts = st.one_of(
    st.tuples(st.sampled_from(TARGETED), person, st.integers(0, 1)),
    st.tuples(st.sampled_from(TARGETED), person, st.integers(0, 1)),
    st.tuples(st.sampled_from(ALONE), person, st.just(0)),
    st.tuples(st.just("time"), st.integers(0, len(TIMES) - 1), st.just(0)),
)
WORDS = {
    "meet": "想认识TA",
    "messages": "我的消息",
    "favourites": "我的收藏",
    "mine": "我的资料卡",
    "find": "找对象",
    "pause": "暂停",
    "resume": "恢复",
    "again": "愿意",
}


@dataclass
class World:
    """Four people at a fair of their own. In one world a no is said, in its twin it is only thought."""

    account: Account
    says_no: bool
    are_there: bool
    heard: list[tuple[int, str]] = field(default_factory=list)
    wishes: set[tuple[int, int]] = field(default_factory=set)
    left: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.fair = fair = Fair(self.account, tables=2)
        year = 1990 + 100 * next(_centuries)  # shown as 90年, and looked for by nobody of another world
        age: dict[str, Any] = {"birth_year": year, "wants_born_from": year, "wants_born_to": year}
        self.people = [
            *(fair.man(NAMES[n], contact=CONTACTS[n], **age) for n in (0, 1)),
            *(fair.person(NAMES[n], contact=CONTACTS[n], **age) for n in (2, 3)),
        ]
        self.papers = [fair.code(phone) for phone in self.people]
        if self.are_there:
            fair.check_in(*self.people)

    def request(self, asker: int, asked: int) -> int:
        try:
            return self.fair.request(self.people[asker], self.people[asked]).id
        except NoResultFound:
            return 0

    def act(self, kind: str, who: int, whom: int) -> str:
        """Do it, and return what was answered."""
        phone, token = self.people[who], self.papers[whom].removeprefix("card-")
        if kind in ("ask", "look", "tap"):
            if kind != "tap":
                self.hears(who, phone.scans(self.papers[whom]))
            if kind == "look":
                return phone.heard
            return self.wish(phone, who, {whom}, "想认识TA", f"meet.{token}")
        if kind in ("keep", "report"):
            return phone.says("…", bizmsgmenuid=f"{kind}.{token}")
        if kind == "yes":
            return self.wish(phone, who, {whom}, "愿意见见", f"yes.{self.request(whom, who)}")
        if kind in ("no", "later"):
            if kind == "no" and not self.says_no:
                return ""
            return phone.says("…", bizmsgmenuid=f"{kind}.{self.request(whom, who)}")
        if kind == "withdraw":
            self.left.add(who)
            return phone.says("撤下", bizmsgmenuid="withdraw.yes")
        if kind == "first":
            phone.says("我的消息")
            taps = [link for link in phone.links if link.id.startswith("message.")]
            return phone.says("看", bizmsgmenuid=taps[0].id) if taps else phone.heard
        if kind in ("meet", "again"):  # in words, whomever they mean
            return self.wish(phone, who, {0, 1, 2, 3}, WORDS[kind], "")
        return phone.says(WORDS[kind])

    def wish(self, phone: Phone, who: int, whom: set[int], says: str, tap: str) -> str:
        self.wishes |= {(who, other) for other in whom}
        return phone.says(says, **({"bizmsgmenuid": tap} if tap else {}))

    def hears(self, who: int, text: str) -> None:
        self.heard.append((who, text))
        for other, contact in enumerate(CONTACTS):
            if contact in text and other != who:
                assert (who, other) in self.wishes, f"{who} never wanted to meet {other}"
                assert (other, who) in self.wishes, f"{other} never wanted to meet {who}"
                assert other not in self.left, f"{other} had withdrawn"

    def deliver(self) -> None:
        """Hand over what is on its way."""
        for who, phone in enumerate(self.people):
            for content in pushed(self.account, phone):
                self.hears(who, phone.reads(content))


CAREFULLY = settings(
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate),  # to make a history shorter takes longer than a test may
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
histories = st.lists(acts, min_size=4, max_size=24)


class Place:
    """The account, without everything in it: Hypothesis shows what a failing test was given."""

    def __init__(self, account: Account) -> None:
        self.account = account


@pytest.fixture
def place(account: Account) -> Place:
    return Place(account)


@settings(CAREFULLY, max_examples=12)
@given(history=histories, are_there=st.booleans())
def test_E3_E6_no_contact_without_both_and_no_difference_between_no_and_no_answer(
    place: Place, history: list[tuple[str, int, int]], are_there: bool
) -> None:
    live(place.account, history, are_there=are_there)


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.timeout(600)
@settings(CAREFULLY, max_examples=120)
@given(history=histories, are_there=st.booleans())
def test_E3_E6_many_histories(place: Place, history: list[tuple[str, int, int]], are_there: bool) -> None:
    live(place.account, history, are_there=are_there)


def live(account: Account, history: list[tuple[str, int, int]], *, are_there: bool) -> None:
    """The same history in two worlds: with every no, and without."""
    moment, worlds = account.clock.now, []
    for says_no in (True, False):
        account.clock.now = moment
        worlds.append(World(account, says_no, are_there))
    declined: set[int] = set()
    decliners: set[int] = set()
    for kind, who, choice in history:
        if kind == "time":
            passes(account, **TIMES[who])
        else:
            whom = choice + (2 if who < 2 else 0)
            request = worlds[0].request(whom, who)
            if kind in ("yes", "no", "later") and request in declined:
                continue  # who said no knows it, and is answered so
            if kind == "again" and who in decliners:
                continue  # the word means another request now
            moment, answers = account.clock.now, []
            for world in worlds:
                account.clock.now = moment  # each scan takes a second
                answers.append(world.act(kind, who, whom))
            account.clock.now = moment + timedelta(seconds=5)
            if kind == "no" and answers[0].startswith("好，不会让对方难堪"):
                declined.add(request)
                decliners.add(who)
            knows = kind == "no" or (kind in ("messages", "first") and who in decliners)
            for world, answer in zip(worlds, answers, strict=True):
                if not knows:
                    world.hears(who, answer)
        for world in worlds:
            world.deliver()
        assert worlds[0].heard == worlds[1].heard, "a no was seen"
    assert not [line for line in account.lines() if line["level"] == "error"]
