"""Signing up for an exam: which, when, and who."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.texts import answers as answer_texts
from bot.texts import exams as texts
from bot.texts.times import dated
from core.clock import local
from forms.answers import Given, Json
from forms.fields import Choice, IdNumber, Option, Phone, Text, YesNo
from forms.fields.base import Got, Heard, Unheard, named
from forms.form import Asker, Confirm, Form
from forms.understand import people
from forms.understand.outcome import Understood
from models.exams import SignUp
from rules.exams import eligibility, sittings
from rules.exams.sittings import OnOffer

_NAME = re.compile(
    r"[\u3400-\u9fff\U00020000-\U0003ffff]+(?:·[\u3400-\u9fff\U00020000-\U0003ffff]+)*|[A-Za-z][A-Za-z .'-]+"
)


def look(asker: Asker) -> Mapping[str, Any]:
    """The sittings on offer, and those to come."""
    found = sittings.on_offer(asker.db, asker.worker_id, now=asker.now)
    return {
        "open": [one for one in found if one.opens_at <= asker.now],
        "coming": [texts.opens(name_of(one), one.opens_at) for one in found if one.opens_at > asker.now],
    }


def name_of(one: OnOffer) -> str:
    """The trade and level of a sitting."""
    return texts.title(one.trade, one.level)


def _open(given: Given, level_id: int | None = None) -> list[OnOffer]:
    found: list[OnOffer] = given.context.get("open", [])
    return [one for one in found if level_id is None or one.level_id == level_id]


def _sitting(given: Given) -> OnOffer | None:
    return next((one for one in _open(given) if one.id == given.answers["sitting"]), None)


def _ask_level(given: Given) -> str:
    coming: Sequence[str] = given.context.get("coming", ())
    return "\n".join(("正在报名，报哪一个？", *(f"（{line}）" for line in coming[:3])))


def _levels(given: Given) -> list[Option]:
    by_level: dict[int, list[OnOffer]] = {}
    for one in _open(given):
        by_level.setdefault(one.level_id, []).append(one)
    return [
        Option(level_id, name_of(found[0]), texts.room(sum(one.free for one in found), found[0].waiting))
        for level_id, found in by_level.items()
    ]


def _sittings(given: Given) -> list[Option]:
    found = _open(given, given.answers["level"] or 0)
    labels = [f"{dated(one.starts_at)} {one.place}" for one in found]
    return [
        Option(
            one.id,
            label
            if labels.count(label) == 1
            else f"{label}·{one.id}",  # two rooms' sittings may look the same
            texts.room(one.free, one.waiting),
        )
        for one, label in zip(found, labels, strict=True)
    ]


def _is_a_name(value: str, given: Given) -> str | None:
    if _NAME.fullmatch(value) is None:
        return "写身份证上的姓名就好，只要汉字或字母。"
    return None


def _is_old_enough(value: people.IdNumber, given: Given) -> str | None:
    one = _sitting(given)
    if one is None:
        return None
    words = eligibility.unmet(one.eligibility, born=value.born, on=local(one.starts_at).date())
    return words and f"这一场要{words}，这个号码还差一点。抄错了就再写一次，想换一场回“返回”。"


def _agreement(given: Given) -> str:
    """What is agreed to, word by word: it is stored with the sign-up."""
    one = _sitting(given)
    needs = eligibility.stated(one.eligibility) if one else []
    meets = f"我符合：{'；'.join(needs)}。" if needs else ""
    return f"{meets}我填的都是真的，同意工会只为这次考试使用。"


@dataclass(frozen=True)
class Agreement(YesNo):
    """A yes to what this sitting asks for. The answer is the text; of another sitting it is asked again."""

    choices: tuple[Option, ...] = (
        Option(True, "同意", words=("我同意", "符合", "都符合")),
        Option(False, "不同意", words=("我不同意", "不符合")),
    )

    def hear(self, text: str, given: Given) -> Heard:
        """The text that was agreed to."""
        heard = super().hear(text, given)
        if not isinstance(heard, Got):
            return heard
        return (
            Got(_agreement(given)) if heard.value is True else Unheard(answer_texts.NO_CONSENT, is_clear=True)
        )

    def load(self, stored: Json, given: Given) -> str:
        """Only this very text."""
        if stored != _agreement(given):
            raise named(self.key, "this text")
        return str(stored)

    def show(self, value: Any, given: Given) -> str:
        """That it was agreed to."""
        return f"{self.label} 同意"

    def tried(self, given: Given) -> tuple[Any, ...]:
        """The one possible answer."""
        return (_agreement(given),)


SIGN_UP = Form(
    "signup",
    "考试报名",
    1,
    (
        Choice(
            "level",
            "工种",
            _ask_level,
            _levels,
            lost="刚才选的已经截止报名了，换一个？",
            empty="现在都截止报名了。回“取消”，下次再来。",
        ),
        Choice(
            "sitting",
            "场次",
            "考哪一场？",
            _sittings,
            example="1",
            depends_on=("level",),
            lost="刚才选的那一场已经截止报名了，换一场？",
        ),
        Text(
            "name",
            "姓名",
            "你的姓名？和身份证上一样",
            example="李小样",
            shortest=2,
            longest=30,
            style="姓名 {}",
            checks=(_is_a_name,),
        ),
        IdNumber(
            "id_number",
            "身份证号",
            "身份证号？18 位，只有考务看得到",
            example="11010519491231002X",
            depends_on=("sitting",),
            style="身份证 {}",
            checks=(_is_old_enough,),
        ),
        Phone("phone", "手机号", "手机号？有变动会打给你", example="138 0013 8000", style="手机 {}"),
        Text("employer", "单位", "在哪个单位上班？没有就写“无”", example="临湖仪表厂", longest=40, style="单位 {}"),
        Agreement(
            "agreed",
            "确认",
            lambda given: f"最后一项，{_agreement(given)}",
            depends_on=("sitting",),
            lost="换了场次，要求不一样，再看一眼：",
        ),
    ),
    confirm=Confirm(hint="phone"),
    leave="不报了",
    context=look,
)  # fmt: skip


def answers_of(one: SignUp, *, now: datetime) -> dict[str, Any]:
    """What somebody told at an earlier sign-up, so that it is not asked again."""
    read = people.id_number(one.id_number, local(now).date())
    known: dict[str, Any] = {"name": one.name, "phone": one.phone, "employer": one.employer}
    return known | ({"id_number": read.value} if isinstance(read, Understood) else {})
