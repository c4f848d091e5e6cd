"""A form with every kind of question, and somebody who fills it in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from bot.replies import Say, Tap
from core.clock import SHANGHAI
from forms import FORMS, engine
from forms.answers import Given
from forms.draft import Draft
from forms.engine import Outcome, Turn
from forms.fields import (
    Choice,
    Consent,
    Date,
    IdNumber,
    Moment,
    Money,
    Number,
    Option,
    Phone,
    Text,
    TimeOfDay,
    YesNo,
)
from forms.form import Confirm, Form
from models.appointments import Booking, Service
from rules.appointments.slots import Slot
from rules.exams.sittings import OnOffer

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=SHANGHAI)  # a Monday
ID_NUMBER = "330106199003072933"
PHONE = "13800138000"


def trades(given: Given) -> list[Option]:
    """What is open for sign-up right now."""
    open_now: list[Option] = given.context.get("trades", OPEN["trades"])
    return open_now


def enough_seats(value: int, given: Given) -> str | None:
    """A group's size depends on the trade."""
    if given.answers["trade"] == "plating" and value > 5:
        return "电镀工一次最多报 5 个人。"
    return None


def together(given: Given) -> Mapping[str, str]:
    """Looks at two answers at once."""
    if given.answers["people"] == 1 and given.answers["team"]:
        return {"team": "一个人报名就不用写队名啦。"}
    return {}


OPEN: dict[str, Any] = {
    "trades": [
        Option("store", "仓库保管员（四级）", note="还有 12 个名额"),
        Option("plating", "电镀工（五级）"),
    ]
}

EXAM = Form(
    "exam",
    "技能报名",
    2,
    (
        Choice("trade", "工种", "正在报名，报哪一个？", trades),
        Number("people", "人数", "一共几个人？", example="3", unit="人", low=1, high=20, depends_on=("trade",),
               checks=(enough_seats,)),
        Text("team", "队名", "队名叫什么？", example="东风队", optional=True, skip="不起名", longest=10),
        YesNo("trained", "参加培训", "要参加考前培训吗？"),
        Date("day", "培训日期", "从哪天开始上课？", example="下周二", past="refuse", depends_on=("trained",),
             when=lambda answers: answers["trained"] is True),
        TimeOfDay("hour", "上课时间", "几点方便？", example="下午两点", depends_on=("trained",),
                  when=lambda answers: answers["trained"] is True),
        Phone("phone", "手机号", "你的手机号？", example="138 0013 8000"),
        IdNumber("id_number", "身份证号", "身份证号？", example=ID_NUMBER),
        Money("fee", "补贴", "想申请多少补贴？", example="300元", default=30000),
        Consent("consent", "承诺", "以上都是真的，同意用来报名。", version="1"),
    ),
    check=together,
    migrations={1: lambda old: {**old, "people": 1}},
    confirm=Confirm(hint="team"),
    leave="不报了",
)  # fmt: skip

VISIT = Form(
    "visit",
    "走访",
    1,
    (
        Text("name", "单位", "去哪家单位？", example="东风厂", longest=20),
        Moment("at", "时间", "什么时候去？", example="明天下午三点半"),
        Text("why", "事由", "想聊什么？一句话就好", example="睡不好", longest=100, sensitive=True, optional=True,
             skip="不想写"),
    ),
    confirm=None,
    deadline=timedelta(minutes=10),
)  # fmt: skip

ALL = (*FORMS.values(), EXAM, VISIT)

EXAM_ANSWERS = (
    ("trade", "1"),
    ("people", "三个人"),
    ("team", "东风队"),
    ("trained", "要"),
    ("day", "下周二"),
    ("hour", "下午两点"),
    ("phone", "138 0013 8000"),
    ("id_number", ID_NUMBER),
    ("fee", "500元"),
    ("consent", "同意"),
)
PROFILE_ANSWERS = (
    ("sex", "1"),
    ("birth_year", "九零年"),
    ("height_cm", "1米76"),
    ("education", "本科"),
    ("trade", "机械工程师"),
    ("district", "西湖区"),
    ("home_town", "嘉兴"),
    ("line", "喜欢修老自行车"),
    ("nickname", "阿岳"),
    ("marital", "未婚"),
    ("wants_born", "85-92"),
    ("contact_kind", "1"),
    ("wechat", "ayue_1990"),
    ("consent", "同意"),
)
VISIT_ANSWERS = (("name", "东风厂"), ("at", "明天下午三点半"), ("why", "孩子出生以后总是睡不着"))
BOOKING_ANSWERS = (
    ("service", "1"),
    ("who", "都可以"),
    ("day", "下周四"),
    ("slot", "下午三点"),
    ("reason", "孩子出生以后总是睡不着"),
)
SIGN_UP_ANSWERS = (
    ("level", "1"),
    ("sitting", "2"),
    ("name", "李小样"),
    ("id_number", ID_NUMBER),
    ("phone", "138 0013 8000"),
    ("employer", "临湖仪表厂"),
    ("agreed", "同意"),
)
ANSWERS = {
    "exam": EXAM_ANSWERS,
    "profile": PROFILE_ANSWERS,
    "visit": VISIT_ANSWERS,
    "booking": BOOKING_ANSWERS,
    "booking_move": (("booking", "1"), ("day", "下周四"), ("slot", "下午三点")),
    "crisis_call": (("phone", PHONE),),
    "signup": SIGN_UP_ANSWERS,
    "erase": (("read", "1"), ("sure", "确认注销")),
    "photos": (("photos", "[照片 1]\n好了"),),
}


class SampleDesk:
    """What can be booked, without a database: one service, two people, next Thursday at three."""

    services: ClassVar[list[Service]] = [
        Service(
            id=1,
            name="心理咨询",
            words="",
            asks="想聊哪方面？",
            minutes=50,
            cancel_minutes=240,
            move_minutes=120,
        )
    ]

    def __init__(self) -> None:
        self.slots = [
            Slot(
                number,
                name,
                1,
                THURSDAY + timedelta(hours=hour),
                THURSDAY + timedelta(hours=hour, minutes=50),
            )
            for hour in (0, 1)
            for number, name in ((1, "陈老师"), (2, "林老师"))
        ]
        self.bookings = [Booking(id=7, service_id=1, professional_id=1, starts_at=NOW + timedelta(days=2))]

    last_day = (NOW + timedelta(days=14)).date()

    def is_known(self, day: date) -> bool:
        return day.year == NOW.year

    def service(self, service_id: int) -> Service | None:
        return self.services[0] if service_id == 1 else None

    def booking(self, booking_id: int) -> Booking | None:
        return self.bookings[0] if booking_id == 7 else None

    def people(self, service_id: int) -> list[tuple[int, str]]:
        return [(1, "陈老师"), (2, "林老师")]

    def place(self, service_id: int, professional_id: int) -> str:
        return "谈心室"

    def free(self, service_id: int, who: int) -> list[Slot]:
        return [slot for slot in self.slots if who in (0, slot.professional_id)]


THURSDAY = datetime(2026, 12, 3, 15, 0, tzinfo=SHANGHAI)


def on_offer(number: int, level: int, *, free: int = 12, waiting: int = 0, **more: Any) -> OnOffer:
    """A sitting that can be signed up for; `level` is also its level's id."""
    facts: dict[str, Any] = {
        "trade": "仓库保管员" if level == 4 else "电镀工",
        "place": "临湖市职工技能中心",
        "starts_at": NOW + timedelta(days=20 + number),
        "opens_at": NOW - timedelta(days=1),
        "closes_at": NOW + timedelta(days=10),
        "eligibility": [
            {"kind": "age", "least": 18, "words": "考试当天满 18 周岁"},
            {"kind": "service", "months": 12, "words": "做这个工种满 1 年"},
        ],
    }
    return OnOffer(id=number, level_id=level, level=level, free=free, waiting=waiting, **(facts | more))


CONTEXTS: dict[str, Mapping[str, Any]] = {
    "booking": {"desk": SampleDesk()},
    "booking_move": {"desk": SampleDesk()},
    "erase": {"years": 5},
    "photos": {"room": 2, "photos": {1: True, 2: False, 3: True}},
    "signup": {
        "open": [on_offer(1, 4), on_offer(2, 4, free=1), on_offer(3, 5, free=0, waiting=4)],
        "coming": ["叉车工（五级） 12月1日 周二 09:00 开始报名"],
    },
}
"""What the functions of a form see while it is tried here, by its name."""


class Talk:
    """One person filling in one form. The draft goes through JSON between any two messages."""

    def __init__(self, form: Form, *, now: datetime = NOW, **given: Any) -> None:
        self.form: Form | None = form
        self.now = now
        self.context: Mapping[str, Any] = given.pop("context", CONTEXTS.get(form.name, {}))
        self.turn = engine.start(form, now=now, context=self.context, **given)
        self.stored = ""
        self._store()

    def say(self, text: str, tap: str | None = None) -> Turn:
        """Type something."""
        self.turn = engine.hear(self.form, self.draft, text, now=self.now, tap=tap, context=self.context)
        self._store()
        return self.turn

    def tap(self, label: str) -> Turn:
        """Tap what was offered last, by a part of its label."""
        return self.press(next(tap for tap in self.said.taps if label in tap.label))

    def press(self, tap: Tap) -> Turn:
        """Tap something, however old."""
        return self.say(tap.says or tap.label, tap.id)

    def all(self, *texts: str) -> Turn:
        """Type one thing after another."""
        for text in texts:
            self.say(text)
        return self.turn

    def fill(self, until: str = "") -> Turn:
        """Answer rightly up to a step (all, when empty)."""
        assert self.form is not None
        for key, text in ANSWERS[self.form.name]:
            if key == until:
                break
            self.all(*text.split("\n"))
        return self.turn

    @property
    def draft(self) -> Draft:
        """What was stored, read back."""
        return Draft.from_json(json.loads(self.stored))

    @property
    def said(self) -> Say:
        """What was said last."""
        (said,) = self.turn.says
        return said

    @property
    def text(self) -> str:
        """Its words."""
        return self.said.text

    @property
    def labels(self) -> list[str]:
        """Its taps."""
        return [tap.label for tap in self.said.taps]

    @property
    def outcome(self) -> Outcome:
        """What it did."""
        return self.turn.outcome

    def later(self, **delta: int) -> None:
        """Move the clock."""
        self.now += timedelta(**delta)

    def upgraded(self, **changes: Any) -> None:
        """A deploy in between."""
        assert self.form is not None
        self.form = replace(self.form, **changes)

    def _store(self) -> None:
        self.stored = json.dumps(self.turn.draft.to_json()) if self.turn.draft else "{}"


def states(form: Form) -> list[str]:
    """Every step of a form that its usual answers lead to, and the summary."""
    steps = [key for key, _ in ANSWERS[form.name]]
    return [*steps, "summary"] if form.confirm else steps


def at(form: Form, step: str) -> Talk:
    """Somebody who has come to a step."""
    talk = Talk(form)
    talk.fill("" if step == "summary" else step)
    return talk
