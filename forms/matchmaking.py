"""The profile (资料卡): what a single person tells, so that a card can hang on the wall."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.texts import matchmaking as texts
from core.visible import tidy
from forms.answers import Answers, Given
from forms.checks import has_contact, no_contact
from forms.fields import Choice, Consent, Height, Option, Phone, Photos, Text, Year, YearSpan
from forms.form import Asker, Confirm, Form
from forms.understand.years import YearRange
from models.matchmaking import Profile, ProfileState
from rules.matchmaking import photos, submitting

ADULT = 18
CONSENT_VERSION = "2026-11"
"""Grows with every change of what `consent` says; kept with the profile."""

_DISTRICTS = "上城 拱墅 西湖 滨江 萧山 余杭 临平 钱塘 富阳 临安 桐庐 淳安 建德"
_HERE = {
    name: name + ("县" if name in ("桐庐", "淳安") else "市" if name == "建德" else "区")
    for name in _DISTRICTS.split()
}
_NAME = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffffA-Za-z0-9·]+")
_TAKEN = re.compile("客服|官方|管理员|工作人员|工会|红娘|系统")
_WECHAT = re.compile(r"[A-Za-z][A-Za-z0-9_-]{5,19}|1[3-9]\d{9}|[1-9]\d{4,10}")
_NO_CONTACT = "这里先不写联系方式，对方也愿意认识你时，我们会帮你们换。"


def place(text: str) -> str:
    """A district of this city with the city before it (西湖 -> 杭州·西湖区), any other place as it was written."""
    written = tidy(text).removeprefix("在").removesuffix("上班").removesuffix("工作")
    bare = re.sub(r"^(?:浙江省?)?(?:杭州市?)?[·\s]*", "", written)
    name = bare if bare in _HERE else bare.rstrip("区县市")
    if name in _HERE and bare in (name, _HERE[name]):
        return f"杭州·{_HERE[name]}"
    return written


def home(text: str) -> str:
    """A home town without the words around it: 我老家是嘉兴的 -> 嘉兴."""
    return re.sub(r"^(?:我?的?老家(?:是|在)?|我是)|(?:的|人)$", "", re.sub(r"的$", "", tidy(text)))


def _is_adult(value: int, given: Given) -> str | None:
    if given.today.year - value < ADULT:
        return f"满 {ADULT} 岁才能办资料卡，先好好长大，到时候欢迎你来。年份写错了就再写一次。"
    if given.today.year - value == ADULT:  # the year alone does not say whether the birthday was
        return f"满 {ADULT} 岁后的第一个元旦起可以办资料卡，到时候欢迎你来。年份写错了就再写一次。"
    if given.today.year - value > 100:
        return "这个年份好像太早了，再看一眼？"
    return None


def _is_single(value: str, given: Given) -> str | None:
    if value == "married":
        return "祝你们一直好好的。这里只帮单身的朋友牵线，资料卡就先不办了：点错了再选一次，不办回“取消”。"
    return None


def _is_a_name(value: str, given: Given) -> str | None:
    if _NAME.fullmatch(value) is None:
        return "称呼里用汉字、字母、数字就好，别的符号印不出来。"
    if sum(sign.isdigit() for sign in value) > 4 or has_contact(value):
        return _NO_CONTACT
    if _TAKEN.search(value):
        return "这个称呼容易让人误会，换一个？"
    return None


def _is_wechat(value: str, given: Given) -> str | None:
    if _WECHAT.fullmatch(value) is None:
        return "微信号是 6 到 20 位，字母开头，可以有数字、- 和 _，再看一眼？"
    return None


def _fits_adults(value: Any, given: Given) -> str | None:
    newest = given.today.year - ADULT
    if value.first is not None and value.last is not None and value.first > value.last:
        return "前后好像写反了，再看一眼？"
    if (value.first or 0) > newest or (value.last is not None and value.last > newest):
        return f"只介绍满 {ADULT} 岁的朋友，写到 {newest} 年为止就好。"
    if (value.last or newest) < given.today.year - 100:
        return "这些年份好像太早了，再看一眼？"
    return None


def _shares(kind: str) -> Any:
    def when(answers: Answers) -> bool:
        return bool(answers["contact_kind"] == kind)

    return when


PROFILE = Form(
    "profile",
    "资料卡",
    1,
    (
        Choice("sex", "性别", "你的性别？", (Option("m", "男"), Option("f", "女"))),
        Year("birth_year", "出生年份", "哪一年出生？比如 1990", example="1990", checks=(_is_adult,)),
        Height("height_cm", "身高", "身高多少厘米？", example="168", low=120),
        Choice(
            "education",
            "学历",
            "学历是？",
            (
                Option("初中及以下", "初中及以下", words=("初中", "小学")),
                Option("高中/中专", "高中/中专", words=("高中", "中专", "职高", "技校")),
                Option("大专", "大专", words=("专科", "高职")),
                Option("本科", "本科", words=("大学", "学士")),
                Option("硕士", "硕士", words=("研究生",)),
                Option("博士", "博士"),
            ),
        ),
        Text(
            "trade",
            "职业",
            "做什么工作？不用写单位",
            example="护士",
            shortest=2,
            longest=12,
            checks=(no_contact(_NO_CONTACT),),
        ),
        Text(
            "district",
            "工作区域",
            "在哪个区上班？比如 西湖区",
            example="西湖区",
            shortest=2,
            longest=16,
            into=place,
            checks=(no_contact("写到区就好，不用写具体地址。"),),
        ),
        Text(
            "home_town",
            "老家",
            "老家是哪儿？",
            example="嘉兴",
            shortest=2,
            longest=12,
            into=home,
            style="老家 {}",
            checks=(no_contact("写到市或县就好。"),),
        ),
        Text(
            "line",
            "一句话",
            "用一句话说说自己，40 个字以内，会印在卡片上",
            example="周末多半在爬山，想找个愿意慢慢聊的人。",
            shortest=4,
            longest=40,
            style="“{}”",
            checks=(no_contact(_NO_CONTACT),),
        ),
        Text(
            "nickname",
            "称呼",
            "卡片上怎么称呼你？2 到 8 个字，别用真名",
            example="小禾",
            shortest=2,
            longest=8,
            style="称呼 {}",
            checks=(_is_a_name,),
        ),
        Choice(
            "marital",
            "婚姻状况",
            "现在的婚姻状况？",
            (
                Option("never", "未婚", words=("单身", "没结婚", "没结过婚")),
                Option("divorced", "离异", words=("离婚", "离过婚", "离了")),
                Option("widowed", "丧偶"),
                Option("married", "已婚", words=("结婚了", "结了")),
            ),
            checks=(_is_single,),
        ),
        YearSpan(
            "wants_born",
            "想找的年份",
            "想认识哪些年出生的？比如 85-92",
            example="85-92",
            suggest=("都可以",),
            style="想找 {}",
            checks=(_fits_adults,),
        ),
        Choice(
            "contact_kind",
            "联系方式",
            "两边都愿意以后，给TA看你的哪种联系方式？",
            (
                Option("wechat", "微信号", words=("微信",)),
                Option("phone", "手机号", words=("手机", "电话")),
                Option("none", "先不给", words=("不给", "都不给", "先不")),
            ),
        ),
        Text(
            "wechat",
            "微信号",
            "你的微信号？对方同意之前谁也看不到",
            example="xiaohe_1990",
            longest=20,
            sensitive=True,
            depends_on=("contact_kind",),
            when=_shares("wechat"),
            checks=(_is_wechat,),
        ),
        Phone(
            "phone",
            "手机号",
            "你的手机号？对方同意之前谁也看不到",
            example="138 0013 8000",
            depends_on=("contact_kind",),
            when=_shares("phone"),
        ),
        Consent(
            "consent",
            "单身承诺",
            "最后一项：我现在单身，填的都是真的，同意把卡片挂上墙给大家看（随时可以撤下）。",
            version=CONSENT_VERSION,
            lost="这段话更新过，请再看一眼：",
        ),
    ),
    confirm=Confirm(hint="line"),
)


def answers_of(profile: Profile) -> dict[str, Any]:
    """The answers behind a profile, for changing it. The consent is asked anew each time."""
    kind = profile.contact_kind
    answers = {
        key: getattr(profile, key)
        for key in (
            *("sex", "birth_year", "height_cm", "education", "trade", "district", "home_town", "line"),
            *("nickname", "marital", "contact_kind"),
        )
    }
    answers["wants_born"] = YearRange(profile.wants_born_from, profile.wants_born_to)
    if kind in ("wechat", "phone") and profile.contact:
        answers[kind] = profile.contact
    return answers


def _ask_photos(given: Given) -> str:
    return texts.ask_photos(_room(given), is_listed=given.context.get("is_listed", False))


def _room(given: Given) -> int:
    room: int = given.context.get("room", photos.MOST)
    return room


def _profile(asker: Asker) -> Mapping[str, Any]:
    """How many more photos the profile takes, and whether it hangs. What no longer fits is refused by the rule."""
    mine = submitting.of(asker.db, asker.worker_id)
    there = photos.of(asker.db, mine) if mine else ()
    is_listed = mine is not None and mine.state == ProfileState.LISTED
    return {"room": max(1, photos.MOST - len(there)), "is_listed": is_listed}


PHOTOS = Form(
    "photos",
    "加照片",
    1,
    (Photos("photos", "照片", _ask_photos, most=_room),),
    leave="不加了",
    context=_profile,
)
