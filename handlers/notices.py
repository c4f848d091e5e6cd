"""What the platform tells of notices: which templates somebody agreed to, and how a sending went."""

from __future__ import annotations

from typing import Any

from bot.chat import Chat
from bot.router import Router
from core.numbers import whole
from rules import notices

router = Router("notices")


@router.event("subscribe_msg_popup_event")
@router.event("subscribe_msg_change_event")
def agreed(chat: Chat, _: Any) -> None:
    """Consents given in a dialog, or taken back in the settings."""
    for item in _items(chat, "SubscribeMsgPopupEvent") + _items(chat, "SubscribeMsgChangeEvent"):
        template_id = item.get("TemplateId")
        if isinstance(template_id, str) and len(template_id) <= 100:
            is_yes = item.get("SubscribeStatusString") == "accept"
            notices.agree(chat.db, chat.worker_id, template_id, is_yes=is_yes)


@router.event("subscribe_msg_sent_event")
def sent(chat: Chat, _: Any) -> None:
    """A subscription notice arrived or did not."""
    for item in _items(chat, "SubscribeMsgSentEvent"):
        number = whole(item.get("MsgID"), digits=18)
        if number is not None:
            notices.arrived(chat.db, number, is_good=str(item.get("ErrorCode")) == "0", now=chat.now)


@router.event("templatesendjobfinish")
def template_sent(chat: Chat, _: Any) -> None:
    """A template message arrived or did not. The page 模板消息 spells one status with a blank: test for success."""
    number = whole(chat.message.raw.get("MsgID"), digits=18)
    if number is not None:
        notices.arrived(chat.db, number, is_good=chat.message.raw.get("Status") == "success", now=chat.now)


def _items(chat: Chat, wrapper: str) -> list[dict[str, Any]]:
    """The items of a wrapped list: one comes as a mapping, several as a list."""
    found: Any = chat.message.raw.get(wrapper)
    items = found.get("List") if isinstance(found, dict) else None
    if isinstance(items, dict):
        items = [items]
    return [item for item in items or [] if isinstance(item, dict)]
