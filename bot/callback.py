"""The way in: GET and POST /wechat. Open (bot/envelope.py), act once, render, encrypt.

WeRoBot's parser, crypto and replies do the work; around them stands what the platform's contract asks for
and WeRoBot does not do (docs/decisions/0001-callback.md).
"""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine
from werobot.parser import process_message

from bot import texts
from bot.budget import Gate, Job, Workers
from bot.chat import Overtaken
from bot.envelope import Envelope, TurnedAway, parsed
from bot.inbound import Inbound, name_of, read
from bot.looks import Looks
from bot.once import Converse, Once, render
from bot.replies import SUCCESS, Say, pages
from bot.turns import Replayed, Turn, Turns
from core import log, metrics
from core.clock import utcnow
from core.config import Config
from core.db import LOCK_SECONDS, Desk, busy, commit, insert_new
from core.redis import LOST, Lane
from models.messages import Received

_ANSWERED = metrics.callbacks.labels("answered")
TRIES = 3
"""How often a message is tried that meets others in the database, before the person is told that it failed."""
AT_ONCE = 2
"""So many quick messages a process works on at the same time: one computes while the other waits for Redis or SQL."""
GATE_SECONDS = 0.5
"""Then it works beside them: whoever is before may be waiting for a Redis that is not there."""
WAIT_STEP = 0.01
REDIS_STEP = 0.1
RECORD_SECONDS = 0.4
"""Kept of the time to answer for putting a late message on record; a locked database is not waited for longer."""


class Engaged(Exception):
    """Something else that the same person did is still being worked on."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back over HTTP."""

    status: int
    body: bytes
    content_type: str = "text/plain; charset=utf-8"


class Bot:
    """One process's callback. `converse` finds the words; `clock` is the present moment (tests move it)."""

    def __init__(
        self,
        config: Config,
        engine: Engine,
        lane: Lane,
        converse: Converse,
        *,
        clock: Callable[[], datetime] = utcnow,
    ) -> None:
        self.config = config
        self.desk = Desk(engine)
        self.lane = lane
        self.clock = clock
        self.converse = converse
        self.envelope = Envelope(config, clock)
        self.turns = Turns(config, lane)
        self.looks = Looks(config, lane, self.desk)
        self.once = Once(config, self.desk, lane, self.turns, self.looks, clock)
        self.workers = Workers(config.web.threads * 4)
        self.gate = Gate(AT_ONCE)
        self._log = log.get("callback")
        self._patience = config.limits.answer_seconds - min(RECORD_SECONDS, config.limits.answer_seconds / 4)

    def verify(self, query: Mapping[str, str]) -> Answer:
        """The GET by which the platform checks the address: the echo, or 403."""
        try:
            self.envelope.check(query)
        except TurnedAway as turned:
            return self._turn_away(turned)
        return Answer(200, query.get("echostr", "").encode())

    def receive(self, query: Mapping[str, str], body: Callable[[], bytes]) -> Answer:
        """The POST of one message: its answer, always within `limits.answer_seconds`.

        `body` is read only when the query string is signed.
        """
        started = time.monotonic()
        try:
            inbound, crypto, signature = self.envelope.open(query, body)
        except TurnedAway as turned:
            return self._turn_away(turned)
        job = Job()
        turn = self.turns.claim(inbound.openid, inbound.key, is_heard=_is_heard(inbound))
        answer = None
        if self._is_quick(inbound):
            with self.gate.passed(GATE_SECONDS):
                answer = self._at_once(job, inbound, turn, signature)
        if answer is None:
            self.workers.put(lambda: self._work(job, inbound, turn, signature))
            answer = job.wait(self._patience - (time.monotonic() - started))
        if answer is None:
            answer = self._acknowledge(job, inbound)
        if answer == _REPLAYED:
            return self._turn_away(TurnedAway(403, "replayed"))
        _ANSWERED.inc()
        metrics.callback_seconds.observe(time.monotonic() - started)
        if answer == SUCCESS:
            return Answer(200, b"success")
        if crypto is not None:
            answer = crypto.encrypt_message(answer, nonce=secrets.token_hex(5))
        return Answer(200, answer.encode(), "application/xml; charset=utf-8")

    def redo(self, row: Received) -> None:
        """Do a message that was acknowledged before it was done, unless somebody is still at it."""
        if not row.is_late or row.body is None or not self.turns.reopen(row.key):
            return
        job = Job()
        job.give_up()
        job.acknowledge()
        inbound = read(process_message(parsed(row.body)))
        turn = self.turns.claim(inbound.openid, inbound.key, is_heard=_is_heard(inbound))
        self._work(job, inbound, turn, "")

    def attend(
        self,
        openid: str,
        key: str,
        converse: Converse,
        *,
        text: str = "",
        tap: str = "",
        shown: Mapping[str, Any] | None = None,
    ) -> None:
        """What somebody does on a page, in their turn, as if they had said it in the chat: once by its key.

        What `converse` says is kept in the dialog (`SHOWN`, together with `shown`), where the next page finds it, also
        when the same comes twice. Raises Engaged when the turn does not come in time, redis's ConnectionError when
        Redis is gone.
        """
        inbound = Inbound(
            openid=openid,
            account=self.config.wechat.original_id,
            key=key,
            kind="text",
            at=int(self.clock().timestamp()),
            text=text,
            tap=tap,
        )
        turn = self.turns.claim(openid, key)
        deadline = time.monotonic() + self.config.limits.answer_seconds
        while (said := self.turns.ask(turn)) is None:
            if time.monotonic() > deadline:
                self.turns.leave(turn, "")
                raise Engaged
            time.sleep(WAIT_STEP)
        if not said:
            self._run(turn, lambda: self._attend_once(inbound, converse, dict(shown or {})))

    def _attend_once(self, inbound: Inbound, converse: Converse, shown: dict[str, Any]) -> str:
        for tries in itertools.count(1):
            try:
                return self.once.act(Job(), inbound, converse, patience=LOCK_SECONDS / TRIES, shown=shown)
            except Exception as error:
                if tries == TRIES or not isinstance(error, (Overtaken, *busy())):
                    raise
                self._log.warning("transaction repeated", message=inbound.name, error=_kind_of(error))
        raise AssertionError

    def recover(self) -> None:
        """Put into the database what was acknowledged while the database was locked; `redo` does the rest."""
        for key, late in self.turns.late().items():
            with self.desk.session() as db:
                insert_new(
                    db,
                    Received,
                    key=key,
                    at=datetime.fromisoformat(late["at"]),
                    is_late=True,
                    body=late["body"],
                    reply=late["reply"],
                )
                commit(db)
            self.turns.forget_late(key)

    def close(self) -> None:
        """Let what is at work finish, then let go of threads and connections."""
        is_idle = self.workers.close()
        self.turns.close()
        self.desk.close()
        if is_idle:  # to close a connection that is in use would be worse than to leave it open
            self.lane.close()

    def refuse(self, status: int, reason: str) -> Answer:
        """Turn a request away, with one line in the log and a count."""
        return self._turn_away(TurnedAway(status, reason))

    def _turn_away(self, turned: TurnedAway) -> Answer:
        metrics.callbacks.labels(turned.reason.partition(":")[0]).inc()
        self._log.warning("callback refused", status=turned.status, reason=turned.reason)
        return Answer(turned.status, b"")

    def _is_quick(self, inbound: Inbound) -> bool:
        """Whether who converses says that this message takes a moment only."""
        is_quick: Callable[[Inbound], bool] | None = getattr(self.converse, "is_quick", None)
        return is_quick is not None and is_quick(inbound)

    def _at_once(self, job: Job, inbound: Inbound, turn: Turn, signature: str) -> str | None:
        """Answer on the request's own thread what needs a moment only; waking another one costs as much again.

        None: somebody else is at it, or something is busy; a worker thread does it then, and can be waited for.
        """
        if self.lane.is_away:
            return None
        try:
            said = self.turns.ask(turn, signature)
            if said is None:
                return None
            return said or self._run(
                turn,
                lambda: self.once.act(job, inbound, self.converse, patience=0, turn=turn, offers=turn.offers),
            )
        except Replayed:
            return _REPLAYED
        except Exception:  # the worker thread finds the words for it, if it happens again
            job.unsettle()
            return None

    def _work(self, job: Job, inbound: Inbound, turn: Turn, signature: str) -> None:
        """Wait for the person's turn, answer, make it final. Runs on a worker thread and never raises."""
        try:
            said = self._ask(job, turn, signature)
            while said is None or (said and not job.settle()):
                # either it is not our turn yet, or all that was said is that it takes longer
                time.sleep(WAIT_STEP)
                said = self._ask(job, turn)
            job.give(said or self._run(turn, lambda: self._answer_once(job, inbound, turn.offers)))
        except Replayed:
            job.settle()
            job.give(_REPLAYED)
        except Exception:  # the entrance: nothing may escape from here
            job.settle()
            job.give(render(inbound, pages(self._sorry(inbound, "callback"))[0], self.clock()))

    def _ask(self, job: Job, turn: Turn, signature: str = "") -> str | None:
        """Ask for the turn, for as long as it takes Redis to come back; the message is on record long before."""
        while True:
            try:
                return self.turns.ask(turn, signature, is_late=job.is_late)
            except LOST as error:
                if self.workers.is_closed:
                    raise
                self._log.warning("Redis away", message=name_of(turn.key), error=type(error).__name__)
                time.sleep(REDIS_STEP)

    def _run(self, turn: Turn, work: Callable[[], str]) -> str:
        """Do the work in its turn, and leave the answer to whoever delivers the message again."""
        answer = ""
        try:
            answer = work()
        finally:
            if not answer:
                turn.looks = ()
            try:
                self.turns.leave(turn, answer)
            except LOST:  # the turn ends by itself, and the database knows what was done, all but the looks
                if turn.looks:
                    with suppress(*busy()):
                        self.looks.write(turn.looks, patience=0)
        return answer

    def _answer_once(self, job: Job, inbound: Inbound, offers: bytes) -> str:
        """Converse in one transaction and commit it together with the message's key."""
        for tries in itertools.count(1):
            try:
                return self.once.act(job, inbound, self.converse, offers=offers)
            except Exception as error:
                if tries == TRIES or not isinstance(error, (Overtaken, *busy())):
                    sorry = self._sorry(inbound, "handler")
                    break
                # a deadlock, a lost connection, a dialog that another process changed: rolled back, so again is safe
                self._log.warning("transaction repeated", message=inbound.name, error=_kind_of(error))
        return self.once.act(job, inbound, lambda chat: (sorry,))

    def _sorry(self, inbound: Inbound, entrance: str) -> Say:
        """What is said about the exception being handled, with the reference under which the log has it."""
        reference = "".join(secrets.choice("23456789ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(4))
        self._log.exception(
            f"{entrance} failed", message=inbound.name, kind=inbound.kind, reference=reference
        )
        metrics.bugs.labels(entrance).inc()
        return texts.broken(reference)

    def _acknowledge(self, job: Job, inbound: Inbound) -> str:
        """Time is over: put the message on record, so that no crash loses it, and say that it takes longer."""
        while not job.give_up():  # its commit is under way
            given = job.wait(0.05)
            if given is not None:
                return given
        now = self.clock()
        answer = render(inbound, texts.WORKING_ON_IT, now)
        try:
            self._put_on_record(inbound, answer, now)
            if not self.lane.is_away:
                with suppress(*LOST):
                    self.turns.answer(inbound.openid, inbound.key, answer)
        except Exception:  # it is still being worked on; only a crash could lose it now
            self._log.exception("late message not on record", message=inbound.name)
        job.acknowledge()
        metrics.late_answers.inc()
        return answer

    def _put_on_record(self, inbound: Inbound, answer: str, now: datetime) -> None:
        """In the database; in Redis where the handler itself, or a backup, keeps SQLite's write lock."""
        body = _text_of(inbound)
        try:
            with self.desk.session(RECORD_SECONDS / 2) as db:
                insert_new(db, Received, key=inbound.key, at=now, is_late=True, body=body, reply=answer)
                commit(db)
        except busy() as error:
            self._log.warning("late message kept in Redis", message=inbound.name, error=_kind_of(error))
            self.turns.keep_late(inbound.key, at=now.isoformat(), body=body, reply=answer)


def _is_heard(inbound: Inbound) -> bool:
    """Whether its person wrote, tapped or scanned; the rest WeChat tells by itself."""
    return not inbound.kind.startswith("event:") or inbound.kind in ("event:click", "event:scan")


def _text_of(inbound: Inbound) -> str:
    """The decrypted XML, which WeRoBot's parser keeps."""
    raw: str = inbound.raw["raw"]
    return raw


def _kind_of(error: Exception) -> str:
    return type(getattr(error, "orig", error)).__name__


_REPLAYED = "!replayed"
