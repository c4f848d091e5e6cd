"""退订 and 恢复订阅, and what the platform tells of a mass message."""

from __future__ import annotations

from typing import Any

from bot.chat import Chat
from bot.replies import Say
from bot.router import Router
from bot.texts import broadcasts as texts
from core.numbers import whole
from models.broadcasts import Topic
from rules import people
from rules.broadcasts import mutes, results

router = Router("broadcasts")


@router.keyword("退订", "td", "td退订", "t退订", "全部退订", "不要再发了", "退订全部")
@router.tap("mute")
def mute(chat: Chat, topic: str) -> Say:
    """No broadcasts any more; with a tap's topic, only none of that."""
    if topic in tuple(Topic):
        mutes.unmute(chat.db, chat.worker_id)
        mutes.mute(chat.db, chat.worker_id, (Topic(topic),), now=chat.now)
    else:
        mutes.mute(chat.db, chat.worker_id, tuple(Topic), now=chat.now)
    return texts.muted(mutes.muted(chat.db, chat.worker_id))


@router.keyword("退订活动")
def mute_activity(chat: Chat, _: Any) -> Say:
    """None about activities."""
    return _mute(chat, Topic.ACTIVITY)


@router.keyword("退订福利")
def mute_benefit(chat: Chat, _: Any) -> Say:
    """None about benefits."""
    return _mute(chat, Topic.BENEFIT)


@router.keyword("退订资讯")
def mute_news(chat: Chat, _: Any) -> Say:
    """None about news."""
    return _mute(chat, Topic.NEWS)


@router.keyword("恢复订阅", "重新订阅", about="群发的消息接着收，不想收回“退订”")
def unmute(chat: Chat, _: Any) -> Say:
    """All broadcasts again."""
    return texts.UNMUTED if mutes.unmute(chat.db, chat.worker_id) else texts.NOT_MUTED


@router.event("publishjobfinish")
def published(chat: Chat, _: Any) -> None:
    """Told, as the next is, in the name of somebody who runs the account: no worker is here by that."""
    if chat.is_new:
        people.forget_stranger(chat.db, chat.worker)


@router.event("masssendjobfinish")
def finished(chat: Chat, _: Any) -> None:
    """A mass message went out or did not. What is not as documented is left for mass/get to tell."""
    published(chat, _)
    raw = chat.message.raw
    message_id, status = whole(raw.get("MsgID"), digits=18), raw.get("Status")
    found = (
        whole(raw.get(name), digits=9) for name in ("TotalCount", "FilterCount", "SentCount", "ErrorCount")
    )
    counts = [count for count in found if count is not None]
    if message_id is None or len(counts) < 4 or not isinstance(status, str):
        return
    total, filtered, sent, errors = counts
    results.report(
        chat.db,
        message_id,
        status=status,
        total=total,
        filtered=filtered,
        sent=sent,
        errors=errors,
        now=chat.now,
    )


def _mute(chat: Chat, topic: Topic) -> Say:
    mutes.mute(chat.db, chat.worker_id, (topic,), now=chat.now)
    return texts.muted(mutes.muted(chat.db, chat.worker_id))
