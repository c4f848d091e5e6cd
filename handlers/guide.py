"""帮助 and 菜单: made from what the routers declare."""

from __future__ import annotations

from typing import Any

import handlers
from bot.chat import Chat
from bot.replies import Say
from bot.router import Router, quick
from bot.texts import basics as texts
from forms import chat as forms

PAGES = "/m/"
MINE = "/m/me"

router: Router = Router("guide")  # the type helps mypy out of the circle: help is made from all routers


@router.keyword("帮助", "菜单", "功能", "怎么用", "help")
@router.menu("help")
@quick
def help_(chat: Chat, _: Any) -> Say:
    """Where one stands in a form, or what can be said."""
    where = forms.where(chat)
    if where:
        return Say(where)
    return texts.help_lines([(word.word, word.about) for word in handlers.table().keywords if word.about])


@router.keyword("网页办理", "网页", "网页版", about="在网页里填表、看自己的资料")
@quick
def on_a_page(chat: Chat, _: Any) -> Say:
    """Where the same can be done on a page."""
    return texts.on_a_page(_page(chat, PAGES))


@router.keyword("我的", "我的东西", "个人中心")
@quick
def mine(chat: Chat, _: Any) -> Say:
    """What the menu has below this name: it is said as well as tapped."""
    return texts.mine(_page(chat, MINE))


def _page(chat: Chat, path: str) -> str:
    return f"{chat.config.web.base_url.rstrip('/')}{path}"
