"""B10: every conversation in transcripts/*.txt, word for word through the real callback, with a moved clock.

A transcript is read line by line. Somebody is named by the nickname on their card, or as they like; nobody named
is the first phone, which has never been seen before. 小禾 (f), 木木 (f) and 阿岳 (m) hang on the wall, in this order.
陈老师 and 高律师 can be booked (tests/rules/clinic.py).

    # a comment
    > 找对象                says something
    阿岳> 找对象            somebody else does
    > «想认识TA»            taps a link of what was heard last
    > «想认识TA» @小禾      taps what this one heard before: not the last answer, but that which had 小禾 in it
    >> 提交                 two devices, or a double tap: the same twice at the same moment
    > [扫码 小禾]           scans 小禾's card; [扫码 门口] the code at the door; [扫码 小禾，关注] follows by it
    > [关注] [取关] [菜单 help] [图片] [语音]
    < fragment              is in the answer, behind the fragment before; of a double tap in both taken together
    <! fragment             is not in the answer
    < [没有]                nothing was answered
    ! [小禾] fragment       the next notice to 小禾 has it; "! fragment" goes on in the same one
    ! [小禾] [没有]         there is none
    @ +30m                  time passes (m, h, d), and the worker does what is due
    @ 审核 小禾             staff approves; @ 退回 小禾：reason; @ 换卡 小禾 issues a new card
    @ 填表 我：老周         fills in the profile form, up to the summary
    @ 考场 3                plans a sitting with so many places; also @ 考场 3：条件, 3：未开放, 3：电镀工
    @ 回话 我：words         staff answers all that this one asked 人工
    @ 报考 小禾             signs up for the first sitting, with an ID number of their own
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy.exc import NoResultFound

import handlers
from bot import offers, router
from core.redis import connect
from forms import FORMS
from models.people import Organisation, Staff
from rules import conversations
from tests.chat import exam_hall
from tests.chat.account import Account, Phone
from tests.chat.fair import Fair, passes, pushed
from tests.chat.waiting import at_once
from tests.rules.clinic import open_clinic

FOLDER = Path(__file__).parent / "transcripts"
ME = "我"
_LINE = re.compile(r"(?P<who>[^<>!@#\s]*)(?P<sign>>>|>|<!|<|!|@)\s?(?P<rest>.*)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
TABLE = handlers.table()
OPENING = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""Ten in the morning in Shanghai; the fair goes on until six."""


class Stage:
    """A transcript being played."""

    def __init__(self, account: Account, *, is_typed: bool = False) -> None:
        """`is_typed`: where a transcript taps what was heard last, the label is typed instead."""
        self.account = account
        self.is_typed = is_typed
        account.clock.now = OPENING
        self.fair = Fair(account)
        self.phones: dict[str, Phone] = {}
        self.phones["小禾"] = self.fair.person("小禾", contact="xiaohe_wx")
        self.phones["木木"] = self.fair.person(
            "木木", contact_kind="phone", contact="13800138000", trade="老师"
        )
        self.phones["阿岳"] = self.fair.man("阿岳", contact="ayue_1990")
        self.phones |= {name: account.phone() for name in ("陈老师", "高律师")}
        with self.fair.db() as db:
            phones = {name: self.fair.worker(db, self.phones[name]) for name in ("陈老师", "高律师")}
            open_clinic(db, db.get_one(Organisation, self.fair.city), now=account.clock(), phones=phones)
        self.redis = connect(account.config)
        self.papers: dict[str, str] = {}
        for name in ("小禾", "木木", "阿岳"):
            self.paper(self.phones[name])
        self.heard: dict[str, list[str]] = {}
        self.pushes: dict[str, deque[str]] = {}
        self.speaker = ME
        self.answers: list[tuple[str, int]] = []
        """What was heard and how far it is read; of a double tap in either order."""

    def phone(self, who: str) -> Phone:
        return (
            self.phones.setdefault(who, self.account.phone()) if who not in self.phones else self.phones[who]
        )

    def play(self, line: str) -> None:
        found = _LINE.fullmatch(line)
        assert found, "not a line of a transcript"
        who, sign, rest = found["who"] or ME, found["sign"], found["rest"].strip()
        if sign in (">", ">>"):
            self.says(who, rest, is_double=sign == ">>")
        elif sign == "<":
            self.finds(rest)
        elif sign == "<!":
            assert all(rest not in text for text, _ in self.answers), f"heard:\n{self.answers[0][0]}"
        elif sign == "!":
            self.is_told(rest)
        else:
            self.happens(rest)

    def says(self, who: str, what: str, *, is_double: bool) -> None:
        phone = self.phone(who)
        act = self.act(phone, who, what, is_typed=self.is_typed and not is_double)
        self.account.clock.move(seconds=5)
        if is_double:
            other = Phone(self.account, phone.openid)
            other.content = phone.content
            one, two = at_once(partial(act, phone), partial(act, other))
            self.answers = [(f"{one}\n{two}", 0), (f"{two}\n{one}", 0)]
        else:
            self.answers = [(act(phone), 0)]
        self.speaker = who
        self.heard.setdefault(who, []).append(phone.content)
        for link in phone.links:
            keyword, tapped = TABLE.words.exact(link.label), TABLE.tapped(link.id)
            if keyword and tapped and not router.is_idle(keyword.value):
                assert keyword.value is tapped[0], f"{link.label} is another keyword"

    def act(self, phone: Phone, who: str, what: str, *, is_typed: bool) -> Callable[[Phone], str]:
        bare = re.fullmatch(r"\[(\S+)(?: (.*))?\]", what)
        if bare and bare[1] == "扫码":
            name, _, follow = (bare[2] or "").partition("，")
            scene = self.fair.door if name == "门口" else self.paper(self.phones[name])
            return lambda phone: phone.follows(scene) if follow else phone.scans(scene)
        if bare and bare[1] == "关注":
            return lambda phone: phone.follows()
        if bare and bare[1] == "取关":
            return lambda phone: phone.unfollows()
        if bare and bare[1] == "菜单":
            return lambda phone: phone.clicks(bare[2])
        if bare and bare[1] == "图片":
            return lambda phone: phone.sends("image", PicUrl="http://p.example/1", MediaId="m1")
        if bare and bare[1] == "语音":
            return lambda phone: phone.sends("voice", MediaId="m2", Format="amr")
        tap = re.fullmatch(r"«(.*?)»(?: @(.*))?", what)
        if tap is None:
            return lambda phone: phone.says(what)
        if tap[2]:
            earlier = [content for content in self.heard.get(who, []) if tap[2] in content]
            assert earlier, f"never heard {tap[2]!r}"
            phone.reads(earlier[-1])
        if is_typed and not tap[2]:
            return lambda phone: phone.says(f"「{phone.link(tap[1]).label}」")
        return lambda phone: phone.taps(tap[1])

    def paper(self, phone: Phone) -> str:
        """The code of the card that hangs, or that hung last."""
        with suppress(AssertionError, NoResultFound):
            self.papers[phone.openid] = self.fair.code(phone)
        return self.papers[phone.openid]

    def finds(self, fragment: str) -> None:
        if fragment == "[没有]":
            assert self.answers[0][0] == ""
            return
        found = [(text, text.find(fragment, where), where) for text, where in self.answers]
        text, _, where = found[0]
        self.answers = [(text, at + len(fragment)) for text, at, _ in found if at >= 0]
        assert self.answers, f"{self.speaker} heard, from {where} on:\n{text}"

    def is_told(self, rest: str) -> None:
        found = re.fullmatch(r"\[(?P<who>[^\]]+)\]\s*(?P<fragment>.*)", rest)
        if found is None or found["who"] == "没有":
            self.finds(rest)
            return
        who, fragment = found["who"], found["fragment"]
        waiting = self.waiting(who)
        if fragment == "[没有]":
            assert not waiting, waiting[0]
            return
        assert waiting, f"no notice for {who}"
        phone = self.phone(who)
        self.answers, self.speaker = [(phone.reads(waiting.popleft()), 0)], who
        offers.pushed(self.redis, self.account.config, phone.openid, phone.content)
        self.heard.setdefault(who, []).append(phone.content)
        self.finds(fragment)

    def waiting(self, who: str) -> deque[str]:
        waiting = self.pushes.setdefault(who, deque())
        waiting.extend(pushed(self.account, self.phone(who)))
        return waiting

    def happens(self, what: str) -> None:
        passed = re.fullmatch(r"\+(\d+)([mhd])", what)
        if passed:
            passes(self.account, **{_UNITS[passed[2]]: int(passed[1])})
            return
        act, _, rest = what.partition(" ")
        name, _, reason = rest.partition("：")
        if act == "审核":
            self.fair.approve(self.phone(name))
        elif act == "退回":
            self.fair.refuse(self.phone(name), reason)
        elif act == "填表":
            self.fills_in(self.phone(name), reason)
        elif act == "换卡":
            self.fair.reissue(self.phone(name))
        elif act == "回话":
            self.answers_human(self.phone(name), reason)
        elif act == "考场":
            self.plans(int(name), reason)
        elif act == "报考":
            phone = self.phone(name)
            exam_hall.signs_up(phone, 100 + [*self.phones.values()].index(phone))
        else:
            raise AssertionError(f"nobody knows how to {act}")

    def fills_in(self, phone: Phone, nickname: str) -> None:
        for said in (
            "现在做",
            "男",
            "1990",
            "176",
            "本科",
            "电工",
            "西湖",
            "嘉兴",
            "喜欢修老自行车",
            nickname,
        ):
            phone.says(said)
        phone.dialog(("未婚", "⑪"), ("都可以", "⑫"), ("微信", "⑬"), ("laozhou_90", "⑭"), ("同意", "看一眼"))

    def answers_human(self, phone: Phone, words: str) -> None:
        with self.fair.db() as db:
            officer, worker = db.get_one(Staff, self.fair.officer), self.fair.worker(db, phone)
            asked = [
                one
                for one in db.scalars(conversations.queue(db, officer, now=self.account.clock()))
                if one.worker_id == worker.id
            ]
            assert asked, "nobody is waited for"
            for one in asked:
                conversations.answer(db, officer, one.id, words, now=self.account.clock())

    def plans(self, quota: int, kind: str) -> None:
        if kind == "未开放":
            exam_hall.plan(self.account, quota=quota, opens=timedelta(days=1), trade="叉车工", level=5)
        elif kind == "电镀工":
            exam_hall.plan(self.account, quota=quota, trade="电镀工", level=5, starts=timedelta(days=30))
        else:
            exam_hall.plan(self.account, quota=quota, stated=kind == "条件")

    def ends(self) -> None:
        """Nothing was told that the transcript does not know of, and nothing of ours broke."""
        for who in [*self.phones]:
            waiting = self.waiting(who)
            assert not waiting, f"{who} was told as well:\n{waiting[0]}"
        self.redis.close()
        broken = [line for line in self.account.lines() if line["level"] in ("error", "critical")]
        assert not broken, broken


FILES = sorted(FOLDER.glob("*.txt"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_B10_transcript(account: Account, file: Path) -> None:
    play(Stage(account), file)


TYPED = ("change-happy", "exam-mine-happy", "meet-happy", "mine-happy")


@pytest.mark.once
@pytest.mark.parametrize(
    "file",
    [
        pytest.param(file, id=file.stem, marks=[pytest.mark.slow] * (file.stem not in TYPED))
        for file in FILES
        if not file.stem.endswith(("-timeout", "-concurrent"))
    ],
)
def test_to_type_what_stands_on_a_tap_is_to_tap_it(account: Account, file: Path) -> None:
    play(Stage(account, is_typed=True), file)


def play(stage: Stage, file: Path) -> None:
    line, number = "", 0
    try:
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):  # noqa: B007
            if line.strip() and not line.startswith("#"):
                stage.play(line.strip())
        line = "(the end)"
        stage.ends()
    except AssertionError as error:
        raise AssertionError(f"{file.name}:{number}: {line}\n{error}") from None


FLOWS = (
    *("profile", "photos", "meet", "no", "find", "mine", "checkin", "help", "messages", "human", "block"),
    *("booking", "change", "day", "crisis", "exam", "exam-mine", "mute", "erase"),
)
KINDS = ("happy", "cancel", "back", "timeout", "invalid", "concurrent")
FLOW_OF_FORM = {
    "profile": "profile",
    "booking": "booking",
    "booking_move": "change",
    "crisis_call": "crisis",
    "signup": "exam",
    "erase": "erase",
    "photos": "photos",
}


def test_B10_every_flow_has_every_kind() -> None:
    there = {file.stem for file in FOLDER.glob("*.txt")}
    missing = [f"{flow}-{kind}" for flow in FLOWS for kind in KINDS if f"{flow}-{kind}" not in there]
    assert not missing


def test_B10_every_form_and_every_sample_of_help_is_in_a_flow() -> None:
    assert set(FLOW_OF_FORM) == set(FORMS)
    assert set(FLOW_OF_FORM.values()) <= set(FLOWS)
    said = set()
    for flow in FLOWS:
        for line in (FOLDER / f"{flow}-happy.txt").read_text("utf-8").splitlines():
            found = None if line.startswith("#") else _LINE.fullmatch(line.strip())
            if found and found["sign"] in (">", ">>"):
                said.add(re.sub(r"«(.*?)».*", r"\1", found["rest"].strip()))
    samples = {keyword.word for keyword in handlers.table().keywords if keyword.about}
    assert samples
    assert samples <= said, "a sample of 帮助 that no happy transcript says"


def _without_links(text: str) -> str:
    """Each link by which one's data is taken away is another one."""
    return re.sub(r"/export/[\w-]+", "", text)


def test_the_samples_of_help_run(account: Account) -> None:
    """Each line is said and tapped by somebody who has never been here, with something behind every door."""
    stage = Stage(account)
    stage.play("@ 考场 3")
    newcomer = account.phone()
    shown = newcomer.says("帮助")
    samples = {link.says: link for link in newcomer.links}
    about = {keyword.word: keyword for keyword in handlers.table().keywords if keyword.about}
    assert samples.keys() == about.keys()
    assert [line.partition("：")[0] for line in shown.splitlines()[1:]] == [f"«{word}»" for word in about]
    heard: dict[str, str] = {}
    for word, keyword in about.items():
        found = handlers.table().words.find(word)
        assert found
        assert (found.kind, found.value) == ("exact", keyword.handler)
        phone = account.phone()
        heard[word] = phone.says(word)
        assert "没听懂" not in heard[word]
        phone = account.phone()
        phone.says("帮助")
        tapped = phone.taps(word)
        assert _without_links(tapped) == _without_links(heard[word])
    assert len(set(heard.values())) == len(heard)  # each its own answer
    assert "想约哪一项？" in heard["预约"]
    assert "报哪一个？" in heard["考试"]
