"""What belongs to no feature: following, help, messages, a person to talk to."""

from __future__ import annotations

from typing import Any

from bot.chat import Chat
from bot.replies import Say
from bot.router import Router, idle, quick
from bot.texts import basics as texts
from bot.texts import notices
from forms import chat as forms
from handlers import taps
from rules import inbox, people

router = Router("basics")

PAGE = 5
READ = 20
"""So many notices are shown, and read at a time: some have no words any more."""


@router.event("subscribe")
def follow(chat: Chat, _: Any) -> Say:
    """Somebody follows, without a code."""
    is_back = people.follow(chat.db, chat.worker, now=chat.now)
    return texts.WELCOME_BACK if is_back else texts.WELCOME


@router.keyword("你好", "您好", "hello", "hi", "在吗", "早上好", "晚上好")
@quick
def greet(chat: Chat, _: Any) -> Say:
    """Somebody says hello."""
    return texts.WELCOME


@router.keyword("谢谢", "多谢", "谢谢你", "谢谢啦", "感谢")
@quick
def thank(chat: Chat, _: Any) -> Say:
    """Somebody says thanks."""
    return texts.YOU_ARE_WELCOME


@router.event("unsubscribe")
def leave(chat: Chat, _: Any) -> None:
    """Somebody does not follow any more; whatever is said is not heard.

    Who was erased and then leaves comes by here as a stranger.
    """
    if chat.is_new:
        people.forget_stranger(chat.db, chat.worker)
        return
    people.unfollow(chat.db, chat.worker, now=chat.now)


@router.keyword("我的消息", "消息", "通知", about="看结果和通知")
@router.menu("messages")
@quick
def messages(chat: Chat, _: Any) -> Say:
    """The newest notices."""
    chat.forget("before")
    return _page(chat, None) or texts.NO_MESSAGES


@router.keyword("更早的", "更早的消息")
@quick
def earlier(chat: Chat, _: Any) -> Say:
    """The notices before those shown last."""
    before = chat.state.get("before")
    return (_page(chat, before) if before else None) or texts.NOTHING_MORE


@router.tap("message")
def message(chat: Chat, notice_id: str) -> Say:
    """One of the notices, all of it."""
    notice = inbox.one(chat.db, chat.worker_id, taps.number(notice_id))
    return (notice and notices.words(chat.db, notice, now=chat.now)) or texts.MESSAGE_GONE


@router.keyword("人工", "转人工", "人工客服", "客服", about="找工作人员")
@router.menu("human")
@router.tap("human")
def human(chat: Chat, _: Any) -> Say:
    """Ask for a person."""
    forms.hand_over(chat, "chat")
    return texts.HANDED_OVER


@router.keyword("接着填", "继续", "接着来")
@quick
def resume(chat: Chat, _: Any) -> Say:
    """To go on with what is not there any more; a form that is there takes the word itself."""
    return texts.NOTHING_PENDING


@router.keyword("取消", "返回", "重来", "不填了", "退出")
@quick
@idle
def nothing_to_leave(chat: Chat, _: Any) -> Say:
    """The words of a form when there is none."""
    return texts.NOTHING_TO_LEAVE


def _page(chat: Chat, before: int | None) -> Say | None:
    shown: list[tuple[int, str, str]] = []
    while len(shown) <= PAGE:
        found = inbox.recent(chat.db, chat.worker_id, before=before, limit=READ)
        for notice in found:
            say = notices.words(chat.db, notice, now=chat.now)
            if say is not None:
                shown.append((notice.id, texts.moment(notice.made_at, now=chat.now), say.text))
        if len(found) < READ:
            break
        before = found[-1].id
    is_more = len(shown) > PAGE
    if is_more:
        chat.remember("before", shown[PAGE - 1][0])
    return texts.messages(shown[:PAGE], is_more=is_more) if shown else None
