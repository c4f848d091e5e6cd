"""考试: signing up for an exam, and what becomes of it."""

from __future__ import annotations

import re
from typing import Any

from bot.chat import Chat
from bot.replies import Say, Tap
from bot.router import Reply, Router, quick
from bot.texts import exams as texts
from bot.texts import refused as words_of
from core.errors import Refused
from forms import chat as forms
from forms.exams import SIGN_UP, answers_of, look
from handlers import taps
from models.exams import SignUpState, Sitting
from rules.exams import sign_ups, signing
from rules.exams.signing import Person

router = Router("exams")

OVER = frozenset({"sitting_gone", "sitting_closed", "signed_up", "person_signed_up"})
"""Refusals after which there is nothing left to fill in; all come before anything was changed."""


@router.keyword("考试", "考试报名", "报考", "报名", "技能考试", about="技能等级考试报名")
@router.menu("exams")
@router.tap("exams")
@router.begins("signup", about="技能等级考试")
@quick
def begin(chat: Chat, _: Any) -> Say:
    """Start the form with what is known already, when there is something to sign up for."""
    seen = look(chat)
    if not seen["open"]:
        return texts.nothing_open(seen["coming"])
    known = sign_ups.last_of(chat.db, chat.worker_id)
    return forms.begin(chat, SIGN_UP, prefill=answers_of(known, now=chat.now) if known else None)


_WANTED = re.compile(
    r"(想|要|怎么|怎样|如何|能|可以)[^，。]{0,4}(考试|报考|考证|考\w{0,6}[工员师证])|^(我?报?考)\w{1,8}[工员师证]$"
)


@router.sentence
def asked_in_a_sentence(chat: Chat, text: str) -> Say | None:
    """怎么报考试, 我想考电工: the same as the word."""
    return begin(chat, None) if _WANTED.search(text) else None


@router.submitted("signup")
def submitted(chat: Chat, answers: Any) -> Reply:
    """The form is complete: a place or the waiting list, with a number."""
    person = Person(
        name=answers["name"],
        id_number=answers["id_number"].number,
        born=answers["id_number"].born,
        phone=answers["phone"],
        employer=answers["employer"],
    )
    try:
        signed = signing.sign_up(
            chat.db,
            chat.worker_id,
            answers["sitting"],
            person,
            agreed=answers["agreed"],
            draft_id=forms.draft_id(chat),
            now=chat.now,
        )
    except Refused as refused:
        if refused.code not in OVER:
            raise
        forms.done(chat, receipt="")
        return words_of(refused)
    forms.done(chat, receipt=texts.receipt(signed.number))
    sitting = chat.db.get_one(Sitting, answers["sitting"])
    name = texts.title_of(sitting)
    if signed.is_placed:
        return texts.placed(signed.number, name, sitting)
    return texts.queued(signed.number, name, signed.ahead)


@router.keyword("我的报名", "我的考试", "报名查询", about="看报名、撤回、接受候补名额")
@router.menu("signups")
@router.tap("signups")
@quick
def mine(chat: Chat, _: Any) -> Say:
    """What one signed up for, with what can be done about it."""
    found = sign_ups.mine(chat.db, chat.worker_id, now=chat.now)
    lines: list[str] = []
    doors: list[Tap] = []
    for number, (one, place, ahead) in enumerate(found, 1):
        until = place.offer_until if place else None
        lines.append(texts.line(one, number, ahead=ahead, until=until, now=chat.now))
        if one.state == SignUpState.OFFERED:
            doors += texts.offer_taps(one.id, number if len(found) > 1 else 0)
        else:
            doors.append(texts.withdraw_tap(one.id, number))
    return texts.mine(lines, tuple(doors)) if found else texts.NOTHING


@router.keyword("撤回报名", "取消报名", "退考")
def which(chat: Chat, _: Any) -> Say:
    """The word alone: the only one there is, or the list of them."""
    found = sign_ups.mine(chat.db, chat.worker_id, now=chat.now)
    return texts.withdraw_sure(found[0][0]) if len(found) == 1 else mine(chat, "")


@router.tap("exam_withdraw")
def withdraw(chat: Chat, argument: str) -> Say:
    """Give up a sign-up; asks once more."""
    sign_up_id, _, sure = argument.partition(".")
    if sure != "yes":
        one = sign_ups.named(chat.db, chat.worker_id, taps.number(sign_up_id))
        if not one.is_live:
            raise Refused("sign_up_gone")
        return texts.withdraw_sure(one)
    return texts.withdrawn(
        sign_ups.withdraw(
            chat.db, chat.worker_id, taps.number(sign_up_id), now=chat.now, limits=chat.config.waiting
        )
    )


@router.tap("exam_stay")
@quick
def stay(chat: Chat, _: Any) -> Say:
    """Not given up after all."""
    return texts.STAYED


@router.keyword("接受", "接受名额")
@router.tap("exam_yes")
def accept(chat: Chat, sign_up_id: str = "") -> Say:
    """A yes to the place on offer."""
    return texts.accepted(sign_ups.accept(chat.db, chat.worker_id, _id(sign_up_id), now=chat.now))


@router.keyword("放弃", "放弃名额")
@router.tap("exam_no")
def decline(chat: Chat, sign_up_id: str = "") -> Say:
    """A no to it: the next one is asked at once."""
    sign_ups.decline(chat.db, chat.worker_id, _id(sign_up_id), now=chat.now, limits=chat.config.waiting)
    return texts.DECLINED


def _id(text: str) -> int | None:
    """The number in a tap; None for the word alone."""
    return taps.number(text) if text else None
