"""A process that does what staff do with people's data, and after them the worker; made to be killed.

It is forked from one that has imported everything (`start`), so that a kill costs a fifth of a second.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.connection import Connection
from typing import Final

from core import crypto
from core.config import Config
from core.db import make_engine
from core.redis import connect
from tasks.schedule import Workplace, finish_persons
from tests.web.console.office import Seat
from wsgi import create_app

_FORKS: Final = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__])


@dataclass(frozen=True)
class Act:
    """A form of the console that is sent: where it stands, where it goes, and what was filled in."""

    page: str
    path: str
    fields: dict[str, str] = field(hash=False)


@dataclass
class Clerk:
    """The process, and what it tells: the number of each act when it begins, and its answer's status after it."""

    process: multiprocessing.process.BaseProcess
    told: Connection

    def heard(self) -> int | None:
        """The next that it tells; None when it is over."""
        try:
            said: int = self.told.recv()
        except EOFError:
            return None
        return said


@contextmanager
def at_work(config: Config, moment: datetime, token: str, acts: Sequence[Act]) -> Iterator[Clerk]:
    """Somebody logged in with this token sends each form, one after the other."""
    with _started(_send_all, config, moment, token, tuple(acts)) as clerk:
        yield clerk


@contextmanager
def catching_up(config: Config, moment: datetime) -> Iterator[Clerk]:
    """The worker, which finishes what was begun with people's data."""
    with _started(_finish, config, moment) as clerk:
        yield clerk


@contextmanager
def _started(work: object, *given: object) -> Iterator[Clerk]:
    told, tell = _FORKS.Pipe(duplex=False)
    process = _FORKS.Process(target=work, args=(*given, tell), daemon=True)  # type: ignore[arg-type]
    process.start()
    tell.close()
    try:
        with closing(told):
            yield Clerk(process, told)
    finally:
        process.kill()
        process.join()


def _send_all(config: Config, moment: datetime, token: str, acts: Sequence[Act], tell: Connection) -> None:
    app = create_app(config, clock=lambda: moment)
    seat = Seat(app)
    seat.web.set_cookie("nj_console", token, domain="console.test", path="/console")
    for number, act in enumerate(acts):
        seat.get(act.page)
        tell.send(number)
        tell.send(seat.post(act.path, **act.fields).status_code)


def _finish(config: Config, moment: datetime, tell: Connection) -> None:
    crypto.use(config)
    work = Workplace(config, make_engine(config), connect(config))
    tell.send(0)
    finish_persons(work, moment)
    tell.send(200)
