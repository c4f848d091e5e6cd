"""One account under test: the real application over WSGI, a clock to move, phones to type on."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import logging
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from bot.callback import Bot
from bot.replies import render
from bot.texts import notices
from core.clock import utcnow
from core.config import Config
from models.messages import Dialog, Notice, NoticeState
from models.people import Worker
from tests.chat.wire import Wire
from web import callback
from wsgi import create_app, create_bot

_LINK = re.compile(r'<a href="weixin://bizmsgmenu\?msgmenucontent=([^"&]*)&msgmenuid=([^"&]*)">([^<]*)</a>')
_openids = itertools.count(1)

PATIENT = 30.0
"""Seconds that an answer may take: where lateness is not what is tested, a busy machine must not make one late."""


class Clock:
    """The present moment, moved by hand. Starts now, since some words are found by the real clock."""

    def __init__(self) -> None:
        self.now = utcnow()

    def __call__(self) -> datetime:
        return self.now

    def move(self, **passed: float) -> datetime:
        """Let time pass: `clock.move(minutes=31)`."""
        self.now += timedelta(**passed)
        return self.now


@dataclass(frozen=True)
class Link:
    """A tap inside a text."""

    says: str
    id: str
    label: str


class Phone:
    """Somebody in WeChat. Every act goes through the real callback; `heard` is its answer, "" for none."""

    def __init__(self, account: Account, openid: str = "") -> None:
        self.account = account
        self.openid = openid or f"o{next(_openids):027d}"
        self.xml: str | None = None
        self.content = ""
        self.heard = ""

    def __repr__(self) -> str:
        return f"<phone …{self.openid[-4:]}>"

    def says(self, text: str, **more: Any) -> str:
        """Type a text."""
        return self.sends("text", Content=text, **more)

    def taps(self, what: str) -> str:
        """Tap a link of the last answer, by its label, its id, or a part of the label that no other has."""
        link = self.link(what)
        return self.says(link.says, bizmsgmenuid=link.id)

    def link(self, what: str) -> Link:
        """A link of the last answer, found like this."""
        links = self.links
        for way in (
            lambda link: what == link.label,
            lambda link: what == link.id,
            lambda link: what in link.label,
        ):
            found = [link for link in links if way(link)]
            if len(found) == 1:
                return found[0]
        raise AssertionError(f"no single link {what!r} among {[link.label for link in links]}")

    def scans(self, scene: str) -> str:
        """Scan a code while following."""
        return self.event("SCAN", EventKey=scene, Ticket="ticket-of-the-code")

    def follows(self, scene: str = "") -> str:
        """Follow, by a code or without."""
        if scene:
            return self.event("subscribe", EventKey=f"qrscene_{scene}", Ticket="ticket-of-the-code")
        return self.event("subscribe", EventKey="")

    def unfollows(self) -> str:
        """Leave."""
        return self.event("unsubscribe", EventKey="")

    def clicks(self, key: str) -> str:
        """Tap a menu button."""
        return self.event("CLICK", EventKey=key)

    def event(self, name: str, **more: Any) -> str:
        """Any event. A second passes first, as two events of one second may be one."""
        self.account.clock.move(seconds=1)
        return self.sends("event", Event=name, **more)

    def sends(self, kind: str, **more: Any) -> str:
        """Any message."""
        return self.hears(self.account.wire.deliver(self.account.wire.fields(self.openid, kind, **more)))

    def hears(self, xml: str | None) -> str:
        """Read an answer."""
        self.xml = xml
        return self.reads(self.account.wire.text(xml, self.openid) or "")

    def reads(self, content: str) -> str:
        """Take a text as the last one heard, a notice for instance, so that its links can be tapped."""
        self.content = content
        self.heard = _LINK.sub(lambda link: f"«{link[3]}»", content)
        assert "<a" not in self.heard.replace('<a href="http', ""), self.heard
        return self.heard

    @property
    def links(self) -> list[Link]:
        """What can be tapped."""
        return [Link(*found) for found in _LINK.findall(self.content)]

    def dialog(self, *turns: tuple[str, str]) -> None:
        """(said, heard) pairs; «label» is a tap, and heard is a fragment."""
        for said, fragment in turns:
            heard = self.taps(said[1:-1]) if said[:1] == "«" else self.says(said)
            assert fragment in heard, f"{said!r} was answered:\n{heard}"


@dataclass
class Account:
    """The application with what stands around it."""

    config: Config
    clock: Clock
    bot: Bot
    app: Any
    wire: Wire
    engine: Engine
    log: io.StringIO
    phones: dict[str, Phone] = field(default_factory=dict)
    others: list[Bot] = field(default_factory=list)
    """Bots of other processes, to be closed at the end."""

    def phone(self, openid: str = "") -> Phone:
        """Somebody new."""
        phone = Phone(self, openid)
        self.phones[phone.openid] = phone
        return phone

    def lines(self) -> list[dict[str, Any]]:
        """The log so far, one mapping a line."""
        return [json.loads(line) for line in self.log.getvalue().splitlines()]

    def notices(self, phone: Phone, *, take: bool = True) -> list[str]:
        """What is on its way to this person and due, with links shown as «label»; taken as delivered."""
        said = []
        with Session(self.engine) as db:
            due = db.scalars(
                select(Notice)
                .join(Worker)
                .where(
                    Worker.openid == phone.openid,
                    Notice.state == NoticeState.PENDING,
                    Notice.due_at <= self.clock(),
                )
                .order_by(Notice.id)
            ).all()
            for notice in due:
                say = notices.words(db, notice)
                if say is not None:
                    said.append(phone.reads(render(say)))
            ids = [notice.id for notice in due]
            if take and ids:
                db.execute(update(Notice).where(Notice.id.in_(ids)).values(state=NoticeState.SENT))
            db.commit()
        return said

    def state(self, phone: Phone) -> dict[str, Any]:
        """What is remembered of a conversation."""
        with Session(self.engine) as db:
            found = db.scalar(
                select(Dialog.state)
                .join(Worker, Worker.id == Dialog.worker_id)
                .where(Worker.openid == phone.openid)
            )
            return found or {}


@contextlib.contextmanager
def opened(config: Config, *, pages: bool = False, **limits: Any) -> Iterator[Account]:
    """An account with these settings; its log can be read, whatever pytest captures.

    Without `pages` there is only what answers the chat: the routes of all pages take longer to build than most tests.
    """
    limits = {"answer_seconds": PATIENT} | limits
    config = config.model_copy(update={"limits": config.limits.model_copy(update=limits)})
    clock, written = Clock(), io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stderr, sys.stderr = sys.stderr, written
    try:
        if pages:
            app: Any = create_app(config, clock=clock)
            bot = app.extensions["bot"]
        else:
            bot = create_bot(config, clock=clock)
            app = callback.mount(NotFound(), bot)
    finally:
        sys.stderr = stderr
    structlog.configure(cache_logger_on_first_use=False)
    wire = Wire(app, config, clock, config.wechat.mode)
    engine = bot.desk.engine
    account = Account(config, clock, bot, app, wire, engine, written)
    yield account
    for bot in (account.bot, *account.others):
        bot.close()
    engine.dispose()
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level


def in_mode(config: Config, mode: str, **more: Any) -> Config:
    """The same settings in another mode of the callback."""
    return config.model_copy(update={"wechat": config.wechat.model_copy(update={"mode": mode, **more})})
