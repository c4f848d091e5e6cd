"""One emulated platform: settings, clock, memory and the parts that work on them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

import aiohttp
from aiohttp import web

from .clock import Clock
from .crypto import Envelope
from .errors import Refused
from .events import Hub
from .faults import Faults
from .jobs import Jobs
from .records import Json, Message, OwnedTemplate, Person
from .settings import Settings
from .state import State
from .store import Store
from .wire import Wire

log = logging.getLogger("emulator")


class World:
    """What every part of the emulator is given."""

    http: aiohttp.ClientSession
    jobs: Jobs

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = Clock()
        self.hub = Hub()
        self.faults = Faults()
        self.wire = Wire(settings.wire_log, settings.wire_limit, lambda row: self.hub.publish("wire", row))
        self.envelope = Envelope(settings.encoding_aes_key, settings.app_id)
        self.verified = False
        self.verifying = asyncio.Lock()
        self.verify_note = "not verified yet"
        self.rids: dict[str, Json] = {}
        self.paths: dict[str, str | None] = {}
        self.tasks: set[asyncio.Task[Any]] = set()
        path = settings.state_file
        self.state = State(settings.app_id, f"{path}.media" if path else None)
        self.store = Store(self.state, path)
        self.store.load()
        self.own_templates()

    def own_templates(self) -> None:
        for template in self.settings.templates:
            self.state.templates.setdefault(
                template.template_id,
                OwnedTemplate(
                    template_id=template.template_id,
                    kind=template.kind,
                    title=template.title,
                    content=template.content,
                    long_term=template.long_term or None,
                ),
            )

    def touch(self) -> None:
        """Memory has changed."""
        self.store.touch()

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run in the background; a bug there is logged, never lost."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("background work failed", exc_info=error)

    def receiver(self, openid: Any) -> Person:
        """The person with this OpenID, or 40003."""
        person = self.state.by_openid.get(openid) if isinstance(openid, str) else None
        if person is None:
            raise Refused(40003)
        return person

    def put(
        self, person: Person, side: str, kind: str, text: str = "", more: Json | None = None
    ) -> Message | None:
        """Add a line to a person's chat and tell the pages; None when chats are not kept."""
        if not self.settings.keep_messages:
            return None
        message = Message(self.state.next_message(), person.id, side, self.clock.now(), kind, text, more)
        if person.chat is None:
            person.chat = []
        person.chat.append(message)
        if len(person.chat) > self.settings.chat_limit:
            del person.chat[: self.settings.chat_limit // 10 or 1]
        if side != "worker" and kind != "event":
            person.unread = (person.unread or 0) + 1
        self.touch()
        if not person.bulk:
            self.hub.publish("message", message.public())
        return message

    def changed(self, person: Person) -> None:
        """Tell the pages that a person follows, left, or read."""
        self.touch()
        if not person.bulk:
            self.hub.publish("person", person.public())


WORLD: web.AppKey[World] = web.AppKey("world", World)
