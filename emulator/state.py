"""Everything the platform remembers, in memory; `dump` and `load` turn it into JSON values and back."""

from __future__ import annotations

import heapq
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .records import Job, Json, Media, Message, OwnedTemplate, Person, Ticket, Token, openid_for

VERSION = 1


class Files:
    """Bytes of media by id: in memory, or one file each in a folder when there is one."""

    def __init__(self, folder: str | None) -> None:
        self.folder = Path(folder) if folder else None
        self.memory: dict[str, bytes] = {}

    def put(self, media_id: str, content: bytes) -> None:
        if self.folder is None:
            self.memory[media_id] = content
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        part = self.folder / f"{media_id}.part"
        part.write_bytes(content)
        os.replace(part, self.folder / media_id)

    def get(self, media_id: str) -> bytes | None:
        if self.folder is None:
            return self.memory.get(media_id)
        path = self.folder / media_id
        return path.read_bytes() if path.is_file() else None

    def drop(self, media_id: str) -> None:
        if self.folder is None:
            self.memory.pop(media_id, None)
        else:
            (self.folder / media_id).unlink(missing_ok=True)


class State:
    """People, chats and everything the account owns."""

    def __init__(self, app_id: str, folder: str | None = None) -> None:
        self.app_id = app_id
        self.files = Files(folder)
        self.clear()

    def clear(self) -> None:
        """Forget everything; the files of media go with it."""
        for media_id in getattr(self, "media", {}):
            self.files.drop(media_id)
        self.people: list[Person | None] = []
        self.by_openid: dict[str, Person] = {}
        self.followers = 0
        self.message_seq = 0
        self.number_seq = 0
        self.tokens: dict[str, Token] = {}
        self.current_token: dict[str, str] = {}
        self.tickets: dict[str, Ticket] = {}
        self.ticket_by_code: dict[str, Ticket] = {}
        self.permanent_by_scene: dict[str, Ticket] = {}
        self.media: dict[str, Media] = {}
        self.templates: dict[str, OwnedTemplate] = {}
        self.menu: Json | None = None
        self.conditional: list[Json] = []
        self.tags: dict[int, str] = {}
        self.usage: dict[str, Json] = {}
        self.jobs: list[Job] = []
        self.misc: Json = {}

    # people

    def add_person(self, name: str | None = None, bulk: bool = False) -> Person:
        number = len(self.people) + 1
        person = Person(number, openid_for(self.app_id, number), name, bulk or None)
        self.people.append(person)
        self.by_openid[person.openid] = person
        return person

    def person(self, number: int) -> Person | None:
        return self.people[number - 1] if 0 < number <= len(self.people) else None

    def drop_person(self, person: Person) -> None:
        """Forget a person; the number is not given again, so nobody inherits the OpenID."""
        self.set_following(person, False)
        self.people[person.id - 1] = None
        del self.by_openid[person.openid]

    def set_following(self, person: Person, following: bool) -> None:
        if bool(person.following) != following:
            self.followers += 1 if following else -1
            person.following = following

    def phones(self) -> Iterator[Person]:
        """The people shown as phones: everybody not made in bulk."""
        return (person for person in self.people if person is not None and not person.bulk)

    def following(self, start: int = 0) -> Iterator[Person]:
        """Followers with a number above `start`, in the order of their numbers."""
        for index in range(start, len(self.people)):
            person = self.people[index]
            if person is not None and person.following:
                yield person

    # numbers

    def next_message(self) -> int:
        self.message_seq += 1
        return self.message_seq

    def next_number(self) -> int:
        """A fresh large number for MsgId, msgid, menuid and such; survives a restart."""
        self.number_seq += 1
        return 24_000_000_000_000_000 + self.number_seq

    # QR codes

    def add_ticket(self, scene: str, now: float, expires_at: float | None) -> Ticket:
        code = secrets.token_urlsafe(15)
        ticket = Ticket(
            ticket="gQ" + secrets.token_urlsafe(45) + secrets.token_urlsafe(20) + "==",
            code=code,
            scene=scene,
            created_at=now,
            expires_at=expires_at,
        )
        self._know_ticket(ticket)
        return ticket

    def _know_ticket(self, ticket: Ticket) -> None:
        self.tickets[ticket.ticket] = ticket
        self.ticket_by_code[ticket.code] = ticket
        if ticket.expires_at is None:
            self.permanent_by_scene[ticket.scene] = ticket

    # counting

    def count(self, name: str, period: str) -> int:
        """How often `name` was counted in `period`, which replaces the period before."""
        used = self.usage.get(name)
        return int(used["n"]) if used is not None and used["period"] == period else 0

    def add_count(self, name: str, period: str, by: int = 1) -> int:
        used = self.usage.get(name)
        if used is None or used["period"] != period:
            used = self.usage[name] = {"period": period, "n": 0}
        used["n"] += by
        return int(used["n"])

    # JSON

    def dump(self) -> Json:
        """A JSON object that `load` turns back into an equal state (media bytes are in `files`)."""
        people: list[Any] = []
        for person in self.people:
            if person is None:
                people.append(None)
                continue
            row = person.dump()
            if person.chat is not None:
                row["chat"] = [message.dump() for message in person.chat]
            people.append(row)
        return {
            "version": VERSION,
            "app_id": self.app_id,
            "people": people,
            "message_seq": self.message_seq,
            "number_seq": self.number_seq,
            "tokens": [token.dump() for token in self.tokens.values()],
            "current_token": self.current_token,
            "tickets": [ticket.dump() for ticket in self.tickets.values()],
            "media": [media.dump() for media in self.media.values()],
            "templates": [template.dump() for template in self.templates.values()],
            "menu": self.menu,
            "conditional": self.conditional,
            "tags": list(self.tags.items()),
            "usage": self.usage,
            "jobs": [job.dump() for job in self.jobs],
            "misc": self.misc,
        }

    def load(self, saved: Json) -> None:
        """Take over a dumped state; ValueError when it is of another version or account."""
        if saved.get("version") != VERSION:
            raise ValueError(f"state version {saved.get('version')!r}, expected {VERSION}")
        if saved.get("app_id") != self.app_id:
            raise ValueError(f"state belongs to {saved.get('app_id')!r}, not to {self.app_id!r}")
        for row in saved["people"]:
            self.people.append(None if row is None else self._load_person(row))
        self.message_seq, self.number_seq = saved["message_seq"], saved["number_seq"]
        self.tokens = {row["value"]: Token(**row) for row in saved["tokens"]}
        self.current_token = dict(saved["current_token"])
        for row in saved["tickets"]:
            self._know_ticket(Ticket(**row))
        self.media = {row["media_id"]: Media(**row) for row in saved["media"]}
        self.templates = {row["template_id"]: OwnedTemplate(**row) for row in saved["templates"]}
        self.menu, self.conditional = saved["menu"], saved["conditional"]
        self.tags = {int(number): name for number, name in saved["tags"]}
        self.usage, self.misc = saved["usage"], saved["misc"]
        self.jobs = [Job(**row) for row in saved["jobs"]]
        heapq.heapify(self.jobs)

    def _load_person(self, row: Json) -> Person:
        person = Person(row["id"], row["openid"])
        for name, value in row.items():
            setattr(person, name, value)
        if person.chat is not None:
            chat = [Message(line.pop("id"), **line) for line in row["chat"]]
            person.chat = chat
        self.by_openid[person.openid] = person
        self.followers += bool(person.following)
        return person
