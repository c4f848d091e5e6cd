"""导出我的数据 and 注销: one's own data, taken away and erased."""

from __future__ import annotations

from typing import Any

from bot.chat import Chat
from bot.replies import Say
from bot.router import Router
from bot.texts import persons as texts
from forms import chat as forms
from forms.persons import ERASE
from rules.persons import erasing, links

router = Router("persons")


@router.keyword("导出我的数据", "导出数据", "下载我的数据", about="把我的资料打包带走")
@router.tap("export")
def export(chat: Chat, _: Any) -> Say:
    """A link to everything held of this person."""
    limits = chat.config.persons
    token = links.make(chat.db, chat.worker_id, limits=limits, now=chat.now)
    return texts.export(f"{chat.config.web.base_url.rstrip('/')}/m/export/{token}", limits.export_minutes)


@router.keyword("注销", "注销账号", "删除我的数据", "删掉我的资料", about="删掉我的资料，不再联系")
@router.tap("erase")
def begin(chat: Chat, _: Any) -> Say:
    """Say what goes and what stays, and ask."""
    return forms.begin(chat, ERASE, anew=True)


@router.submitted("erase")
def erase(chat: Chat, _: Any) -> Say:
    """They are sure. Nothing of this conversation is remembered, not even that it was."""
    erasing.erase(chat.db, chat.worker, config=chat.config, now=chat.now)
    chat.end()
    return texts.ERASED


@router.keyword("确认注销")
def too_early_or_late(chat: Chat, _: Any) -> Say:
    """The words that erase, said before what they do was read, or a second time."""
    if chat.is_new and erasing.is_just_gone(chat.db, chat.message.openid):
        return texts.ERASED_ALREADY
    return texts.FIRST_READ
