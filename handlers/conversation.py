"""In which order a message is tried: a tap, the unfinished form, a keyword; and what comes behind the answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import handlers
from bot import offers, router
from bot.chat import Chat
from bot.inbound import Inbound
from bot.replies import MORE, Say
from bot.router import Handler, Table, all_said
from bot.texts import basics as texts
from bot.texts import notices
from bot.words import Match
from forms import chat as forms
from forms import words
from forms.engine import Outcome, Turn
from handlers import crisis
from qr import scenes
from rules import conversations, inbox, people
from rules.crisis import is_worrying
from rules.matchmaking import photos


def converse(chat: Chat, table: Table | None = None) -> tuple[Say, ...]:
    """The answer to one message; nothing for what needs none."""
    says = _answer(chat, table or handlers.table())
    if says and chat.has_kept_notices:
        says += _kept(chat)
    return says


def is_quick(message: Inbound) -> bool:
    """Whether the answer takes a moment only: its handler says so, or it is an answer to a form's question."""
    table = handlers.table()
    if message.kind == "text":
        if tapped := table.tapped(message.tap):
            return router.is_quick(tapped[0])
        word = table.words.exact(message.text)
        if word is None and is_worrying(message.text):
            return False
        return router.is_quick(word.value) if word else words.plain(message.text) not in words.SUBMIT
    if message.kind in ("event:scan", "event:subscribe") and message.event_key:
        return router.is_quick(table.scenes.get(type(scenes.unpack(message.event_key))))
    return message.kind == "event:click" and router.is_quick(table.menu_keys.get(message.event_key))


converse.is_quick = is_quick  # type: ignore[attr-defined]  # bot/callback.py asks whoever converses


def _answer(chat: Chat, table: Table) -> tuple[Say, ...]:
    kind = chat.message.kind
    if kind == "text":
        return _text(chat, table)
    if kind.startswith("event:"):
        return _event(chat, table, kind.removeprefix("event:"))
    if kind == "image" and chat.message.media_id:
        return _picture(chat, table, chat.message.media_id)
    return _aside(chat, _not_read)


def _picture(chat: Chat, table: Table, media_id: str) -> tuple[Say, ...]:
    turn = forms.hear_photo(chat, lambda: photos.want(chat.db, chat.worker_id, media_id, now=chat.now))
    if turn is not None:
        return _turned(chat, table, turn)
    for handler in table.pictures:
        if says := _aside(chat, handler, media_id):
            return says
    return _aside(chat, _not_read)


def _not_read(chat: Chat, _: Any) -> Say:
    """A kind of message that nobody can do anything with, here."""
    return texts.ONLY_PHOTOS if forms.gathers(chat) else texts.ONLY_TEXT


def _event(chat: Chat, table: Table, name: str) -> tuple[Say, ...]:
    key = chat.message.event_key
    if name == "scan" or (name == "subscribe" and key.startswith(scenes.FOLLOW_PREFIX)):
        if not chat.is_following or name == "subscribe":
            people.follow(chat.db, chat.worker, now=chat.now)
        scene = scenes.unpack(key)
        handler = table.scenes.get(type(scene))
        if handler is None:
            return _aside(chat, lambda chat, _: texts.CODE_UNKNOWN)
        return _aside(chat, handler, scene)
    if name == "click":
        handler = table.menu_keys.get(key)
        return _aside(chat, handler or (lambda chat, _: texts.NOT_UNDERSTOOD))
    if name in ("scancode_waitmsg", "scancode_push"):
        return _aside(chat, lambda chat, _: texts.CODE_UNKNOWN)
    handler = table.events.get(name)
    return all_said(handler(chat, "")) if handler else ()


def _text(chat: Chat, table: Table) -> tuple[Say, ...]:
    message = chat.message
    if care := crisis.answer(chat):
        return (care,)
    tapped = table.tapped(message.tap) if message.tap else None
    if tapped is not None:
        return _aside(chat, *tapped)
    if message.text == MORE and chat.state.get("more"):
        return _more(chat)
    before = dict(chat.state)
    turn = forms.hear(chat, message.text, message.tap)
    found = table.words.find(message.text)
    is_free = turn is None or turn.reason == "unclear" or turn.outcome is Outcome.EXPIRED
    if is_free and (typed := _typed(chat, table, found)):
        if turn is not None:
            chat.restore(before)
        chat.message = typed
        return _text(chat, table)
    if turn is not None:
        if turn.reason == "unclear" and found and found.kind == "exact":
            chat.restore(before)  # no answer to the question, but a word that opens another door
            return _aside(chat, found.value)
        if turn.outcome is Outcome.EXPIRED and found:
            return (*all_said(found.value(chat, "")), *turn.says)
        return _turned(chat, table, turn)
    if found is not None:
        return _aside(chat, found.value)
    for sentence in table.sentences:
        if says := _aside(chat, sentence, message.text):
            return says
    if conversations.hear(chat.db, chat.worker_id, message.text, texts.PASSED_ON.text, now=chat.now):
        return _aside(chat, lambda chat, _: texts.PASSED_ON)
    return _aside(chat, lambda chat, _: texts.NOT_UNDERSTOOD)


def _typed(chat: Chat, table: Table, found: Match[Handler] | None) -> Inbound | None:
    """The message as if the tap had been tapped whose label it is, one of those that the person was given last.

    A keyword means what it always means; of what it can mean, the tap says which.
    """
    message = chat.message
    keyword = found.value if found and found.kind == "exact" else None
    if message.tap or (keyword is not None and keyword not in table.tappable):
        return None
    offered = offers.find(chat.offers, message.text)
    if offered is None:
        return None
    if keyword is not None and not router.is_idle(keyword):
        tapped = table.tapped(offered.id)
        if tapped is None or tapped[0] is not keyword:
            return None
    return replace(message, text=offered.says, tap=offered.id)


def _turned(chat: Chat, table: Table, turn: Turn) -> tuple[Say, ...]:
    if turn.outcome is Outcome.SUBMIT:
        assert turn.draft is not None
        return all_said(table.forms[turn.draft.form](chat, turn.answers))
    return turn.says


def _aside(chat: Chat, handler: Handler, argument: Any = "") -> tuple[Say, ...]:
    """Answer something; when a form's question is pending and was not touched, ask it again behind, once."""
    before = chat.state.get(forms.DRAFT)
    says = all_said(handler(chat, argument))
    if not says:
        return ()
    if before is not None and chat.state.get(forms.DRAFT) == before:
        again = forms.again(chat)
        if again is not None:
            return (*says, again)
    return says


def _more(chat: Chat) -> tuple[Say, ...]:
    first, *rest = chat.state["more"]
    if rest:
        chat.remember("more", rest)
    else:
        chat.forget("more")
    return (Say(first, is_rendered=True),)


def _kept(chat: Chat) -> tuple[Say, ...]:
    """What could not be sent before, now that its person is here."""
    said = []
    for notice in inbox.take_kept(chat.db, chat.worker_id, now=chat.now):
        say = notices.words(chat.db, notice, now=chat.now)
        if say is not None:
            said.append(say)
    if said:
        said[0] = replace(said[0], text=f"{texts.WHILE_AWAY}\n{said[0].text}")
    return tuple(said)
