"""关键词: which words lead where, and what would be done with a sentence. Nothing of anybody's conversation is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import current_app

from bot.router import Table
from rules.access import Permission
from rules.crisis import is_worrying
from web.console.forms import Form, Length, StringField, line, needed
from web.console.gate import Desk, Pages, page

pages = Pages("vocabulary")
FEATURES: Final = {
    "matchmaking": "相亲",
    "appointments": "预约咨询",
    "exams": "考试",
    "crisis": "情绪关怀",
    "basics": "通用",
    "broadcasts": "群发",
    "persons": "我的数据",
    "logins": "登录",
    "guide": "菜单和帮助",
    "notices": "通知",
}
LENGTH: Final = 100


class TryForm(Form):
    """What somebody might say."""

    words = StringField(
        "有人说……",
        [needed("写一句话试试。"), Length(max=LENGTH, message="太长了，最多 %(max)d 个字。")],
        filters=[line],
    )


@dataclass(frozen=True)
class Door:
    """Where words lead: the feature, what it is for, and all words for it, the usual one first."""

    feature: str
    about: str
    words: Sequence[str]


@pages.route("/vocabulary", needs=Permission.HOME_SEE)
def index(desk: Desk) -> Any:
    """All words."""
    return _shown(TryForm())


@pages.route("/vocabulary/try", needs=Permission.HOME_SEE, methods=("POST",))
def tried(desk: Desk) -> Any:
    """What would be done with a sentence. Sent as a form, so that no address and no log has it."""
    form = TryForm()
    if not form.read():
        return _shown(form, 422)
    return _shown(form, said=_answer(form.words.data or ""))


def _shown(form: TryForm, status: int = 200, said: str = "") -> Any:
    doors = _doors(_table())
    count = sum(len(door.words) for door in doors)
    return page("vocabulary.html", status, form=form, said=said, doors=doors, count=count, length=LENGTH)


def _table() -> Table:
    table: Table = current_app.extensions["table"]
    return table


def _doors(table: Table) -> list[Door]:
    found: list[Door] = []
    for router in table.routers:
        by_handler: dict[Any, list[Any]] = {}
        for keyword in router.keywords:
            by_handler.setdefault(keyword.handler, []).append(keyword)
        for keywords in by_handler.values():
            about = next((one.about for one in keywords if one.about), "")
            found.append(Door(FEATURES.get(router.name, router.name), about, [one.word for one in keywords]))
    return found


def _answer(words: str) -> str:
    """In the order in which a message is tried; a form that somebody is filling in comes before all but the first."""
    if is_worrying(words):
        return "这句话让人担心：马上回关怀的话和热线，并通知值班的同事。"
    table = _table()
    found = table.words.find(words)
    if found is None:
        return (
            "没有词对上。先看是不是“明天下午三点约心理咨询”这样的一句话；不是，就说没听懂。"
            "TA 正在等人工的话，转给同事。"
        )
    door = next(one for one in _doors(table) if found.word in one.words)
    how = {"exact": "就是", "typo": "当作打错了一个字的"}[found.kind]
    return f"{how}“{found.word}”，去{door.feature}{f'：{door.about}' if door.about else ''}。"
