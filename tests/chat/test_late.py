"""A2, A3: an answer leaves in time whatever is slow, locked or away; nothing is lost, nothing is done twice."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.callback import Bot
from bot.chat import Chat
from bot.replies import Say
from bot.texts import WORKING_ON_IT
from core import redis_server
from core.config import Config
from core.crypto import ring
from core.redis import LOST, Lane, connect
from emulator.xml import document
from models.messages import Handover, Notice, NoticeState, Received
from rules.notices import tell
from tests.chat.account import Account, Phone, in_mode, opened
from tests.chat.hung import hang
from tests.chat.waiting import until
from web.parts.limits import Limits

SECONDS = 1.0
ROOM = 4.0  # for a busy machine; a handler that is waited for here never ends by itself
"""For a busy machine; what is tested would take ten times as long or for ever."""


@pytest.fixture
def account(config: Config) -> Iterator[Account]:
    """An account whose answers leave within a second, so that no test has to wait for long."""
    with opened(in_mode(config, "secure"), answer_seconds=SECONDS, lease_seconds=0.5) as account:
        yield account


class Slow:
    """A handler that writes, waits to be told, and writes again."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.runs: list[str] = []
        self.go = threading.Event()
        self.started = threading.Event()
        self.writes_first = False

    def __call__(self, chat: Chat) -> tuple[Say, ...]:
        self.runs.append(chat.message.text)
        if self.writes_first:
            self.write(chat)
            chat.db.flush()
        self.started.set()
        assert self.go.wait(30)
        if not self.writes_first:
            self.write(chat)
        chat.remember("count", chat.state.get("count", 0) + 1)
        return (Say(f"办好了：{chat.message.text}"),)

    def write(self, chat: Chat) -> None:
        chat.db.add(
            Handover(worker_id=chat.worker_id, at=chat.now, about="x", message_key=f"{len(self.runs)}")
        )

    def made(self) -> int:
        with Session(self.account.engine) as db:
            return db.scalar(select(func.count()).select_from(Handover)) or 0


@pytest.fixture
def slow(account: Account) -> Iterator[Slow]:
    handler = Slow(account)
    account.bot.converse = handler
    yield handler
    handler.go.set()


def rows(account: Account) -> list[Received]:
    with Session(account.engine) as db:
        return list(db.scalars(select(Received)))


def is_told(account: Account) -> bool:
    with Session(account.engine) as db:
        return bool(db.scalar(select(func.count()).select_from(Notice)))


def timed(phone: Phone, text: str, within: float = SECONDS + ROOM) -> str:
    """Say something and be answered in time."""
    started = time.monotonic()
    heard = phone.says(text)
    assert time.monotonic() - started < within
    return heard


def another_process(account: Account) -> Bot:
    """A bot with connections of its own, as a worker has."""
    bot = Bot(account.config, account.engine, Lane(account.config), account.bot.converse, clock=account.clock)
    account.others.append(bot)
    return bot


def abandoned(account: Account) -> None:
    """As if the process that works on messages had died a while ago."""
    with closing(connect(account.config)) as client:
        for key in client.keys(f"{account.config.redis.prefix}alive:*"):
            client.delete(key)


@pytest.mark.parametrize("writes_first", [False, True], ids=["before writing", "while writing"])
def test_A2_a_slow_handler_is_answered_in_time_and_its_result_follows_once(
    account: Account, phone: Phone, slow: Slow, writes_first: bool
) -> None:
    slow.writes_first = writes_first
    wire = account.wire
    fields = wire.fields(phone.openid, "text", Content="一")
    started = time.monotonic()
    first = wire.deliver(fields)
    assert time.monotonic() - started < SECONDS + ROOM
    assert phone.hears(first) == WORKING_ON_IT
    for _ in range(2):
        assert wire.deliver(fields) == first, "retries get the same"
    assert account.notices(phone) == []
    slow.go.set()
    until(lambda: is_told(account))
    assert account.notices(phone) == ["办好了：一"]
    assert wire.deliver(fields) == first
    (row,) = rows(account)
    assert (row.is_late, row.body) == (False, None), "what was said is kept no longer than needed"
    assert slow.runs == ["一"]
    assert slow.made() == 1
    assert account.state(phone)["count"] == 1
    with closing(connect(account.config)) as client:
        assert client.keys(f"{account.config.redis.prefix}late*") == []


def test_A2_it_is_on_record_while_it_is_worked_on(account: Account, phone: Phone, slow: Slow) -> None:
    timed(phone, "一")
    (row,) = rows(account)
    assert row.is_late
    assert row.body
    assert "<![CDATA[一]]>" in row.body
    slow.go.set()
    until(lambda: is_told(account))


def test_A2_whoever_waits_behind_a_slow_one_is_answered_in_time_too_and_in_order(
    account: Account, phone: Phone, slow: Slow
) -> None:
    for text in "一二三":
        assert "正在办" in timed(phone, text)
    assert slow.runs == ["一"]
    slow.go.set()
    until(lambda: len(account.notices(phone, take=False)) == 3)
    assert account.notices(phone) == ["办好了：一", "办好了：二", "办好了：三"]
    assert slow.runs == ["一", "二", "三"]
    assert account.state(phone)["count"] == 3


def test_A2_a_result_that_found_no_window_is_shown_at_the_next_contact(
    account: Account, phone: Phone, slow: Slow
) -> None:
    timed(phone, "一")
    slow.go.set()
    until(lambda: is_told(account))
    with Session(account.engine) as db:
        db.execute(update(Notice).values(state=NoticeState.KEPT))
        db.commit()
    from handlers.conversation import converse

    account.bot.converse = converse
    assert "办好了：一" in phone.says("你好")
    assert "办好了：一" not in phone.says("你好"), "once"


def test_A2_an_answer_that_came_in_time_after_all_is_not_pushed(config: Config) -> None:
    with opened(in_mode(config, "secure")) as account:
        phone, handler = account.phone(), Slow(account)
        account.bot.converse = handler
        threading.Timer(SECONDS, handler.go.set).start()
        assert phone.says("一") == "办好了：一"
        assert account.notices(phone) == []


def test_A2_a_process_that_died_is_replaced_once(account: Account, phone: Phone, slow: Slow) -> None:
    timed(phone, "一")
    (row,) = rows(account)
    other = another_process(account)
    done = Slow(account)
    done.go.set()
    other.converse = done
    other.redo(row)
    assert done.runs == [], "somebody is still at it"
    account.bot.turns.close()  # it renews nothing any more
    abandoned(account)
    other.redo(row)
    assert done.runs == ["一"]
    other.redo(row)
    assert done.runs == ["一"]
    assert account.notices(phone) == ["办好了：一"]
    slow.go.set()  # the one believed dead comes back
    until(lambda: not account.bot.turns._running)
    other.close()
    assert account.notices(phone) == []
    assert slow.made() == 1
    assert account.state(phone)["count"] == 1


def test_A2_what_can_not_be_done_later_is_apologised_for_once(
    account: Account, phone: Phone, slow: Slow
) -> None:
    timed(phone, "一")
    (row,) = rows(account)
    other = another_process(account)

    def broken(chat: Chat) -> tuple[Say, ...]:
        raise ZeroDivisionError

    other.converse = broken
    account.bot.turns.close()
    abandoned(account)
    other.redo(row)
    other.redo(row)
    other.close()
    (said,) = account.notices(phone)
    assert "是我们这边的问题" in said


# -- a database that can't be written ----------------------------------------------------------------------


@contextmanager
def locked(account: Account) -> Iterator[None]:
    """Somebody else keeps the database's write lock: a backup, a shell."""
    database = account.engine.url.database
    assert database
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@pytest.mark.usefixtures("on_sqlite")
def test_A2_a_locked_database_keeps_no_answer_back(account: Account, phone: Phone, slow: Slow) -> None:
    slow.go.set()
    phone.says("先")
    with locked(account):
        assert "正在办" in timed(phone, "一")
        assert account.bot.turns.late(), "on record in Redis"
    until(lambda: account.notices(phone, take=False))
    assert account.notices(phone) == ["办好了：一"]
    until(lambda: not account.bot.turns.late())
    assert account.state(phone)["count"] == 2
    account.bot.recover()
    assert [row.is_late for row in rows(account)].count(True) == 0


@pytest.mark.usefixtures("on_sqlite")
def test_A2_what_is_on_record_in_redis_is_recovered_when_its_process_died(
    account: Account, phone: Phone, slow: Slow
) -> None:
    wire = account.wire
    message = document(wire.fields(phone.openid, "text", Content="一", MsgId=1)).decode()
    account.bot.turns.keep_late(
        f"{phone.openid}:1", at=account.clock().isoformat(), body=message, reply="<xml/>"
    )
    with closing(connect(account.config)) as client:
        sealed: Any = client.hget(f"{account.config.redis.prefix}late", f"{phone.openid}:1")
        assert b"CDATA" not in sealed
        assert b"CDATA" in ring().open(sealed)
    slow.go.set()
    for _ in range(2):
        account.bot.recover()
        for row in rows(account):
            account.bot.redo(row)
    assert account.notices(phone) == ["办好了：一"]
    assert slow.runs == ["一"]
    assert account.bot.turns.late() == {}


# -- Redis away --------------------------------------------------------------------------------------------


class Server:
    """A Redis of this test's own, to be stopped."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"unix://{folder / 's'}"
        self.start()

    def start(self) -> None:
        self.process = redis_server.start(
            redis_server.prepare(self.folder / "data", self.folder / "s"), self.url
        )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def server() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="nj-redis-"))
    server = Server(folder)
    yield server
    server.kill()
    shutil.rmtree(folder)


def test_A3_while_redis_is_away_messages_wait_for_it(config: Config, server: Server) -> None:
    config = config.model_copy(update={"redis": config.redis.model_copy(update={"url": server.url})})
    with opened(in_mode(config, "plain"), answer_seconds=2.0, lease_seconds=0.5) as account:
        handler = Slow(account)
        handler.go.set()
        account.bot.converse = handler
        phone = account.phone()
        assert phone.says("一") == "办好了：一"
        server.kill()
        assert "正在办" in timed(phone, "二", within=2.0 + ROOM)
        server.start()
        until(lambda: account.notices(phone, take=False))
        assert account.notices(phone) == ["办好了：二"]
        assert phone.says("三") == "办好了：三"
        assert handler.runs == ["一", "二", "三"]
        assert account.state(phone)["count"] == 3


@pytest.mark.parametrize("trouble", ["memory", "copies", "follower"])
def test_A3_while_redis_takes_nothing_messages_wait_for_it(
    config: Config, server: Server, trouble: str
) -> None:
    config = config.model_copy(update={"redis": config.redis.model_copy(update={"url": server.url})})
    with opened(in_mode(config, "plain"), answer_seconds=2.0) as account, closing(connect(config)) as redis:
        handler, phone = Slow(account), account.phone()
        handler.go.set()
        account.bot.converse = handler
        assert phone.says("一") == "办好了：一"
        if trouble == "memory":
            redis.config_set("maxmemory", "100kb")
        elif trouble == "copies":
            redis.config_set("min-replicas-to-write", 1)
        else:
            redis.slaveof("127.0.0.1", 1)
        assert "正在办" in timed(phone, "二", within=2.0 + ROOM)
        with pytest.raises(LOST):
            redis.set("a", "b")
        limits = Limits(account.config)
        assert [limits.allows("1/minute", "page", "somebody") for _ in range(2)] == [True, False]
        redis.config_set("maxmemory", 0)
        redis.config_set("min-replicas-to-write", 0)
        redis.slaveof()
        until(lambda: account.notices(phone, take=False))
        assert account.notices(phone) == ["办好了：二"]
        assert phone.says("三") == "办好了：三"
        assert handler.runs == ["一", "二", "三"]


@pytest.mark.slow
def test_A3_a_redis_lost_between_effect_and_answer_changes_nothing(config: Config, server: Server) -> None:
    config = config.model_copy(update={"redis": config.redis.model_copy(update={"url": server.url})})
    with opened(in_mode(config, "plain")) as account:
        phone, runs = account.phone(), []

        def converse(chat: Chat) -> tuple[Say, ...]:
            runs.append(chat.message.text)
            tell(chat.db, chat.worker_id, "late_answer", now=chat.now, text="x")
            server.kill()
            return (Say("好"),)

        account.bot.converse = converse
        fields = account.wire.fields(phone.openid, "text", Content="一")
        first = account.wire.deliver(fields)
        assert phone.hears(first) == "好", "the work is done, so it is said"
        server.start()
        assert account.wire.deliver(fields) == first
        assert account.notices(phone) == ["x"]


def test_A3_a_redis_that_was_started_anew_holds_nobody_up(config: Config, server: Server) -> None:
    """It knows no scripts; what is only told to it must be done at once all the same."""
    config = config.model_copy(update={"redis": config.redis.model_copy(update={"url": server.url})})
    with opened(in_mode(config, "plain"), answer_seconds=2.0) as account:
        phone, handler = account.phone(), Slow(account)
        handler.go.set()
        account.bot.converse = handler
        phone.says("一")
        with closing(connect(config)) as client:
            until(lambda: not client.exists(f"{config.redis.prefix}turn:{phone.openid}"))
        server.kill()
        server.start()
        assert [phone.says(text) for text in "二三四"] == ["办好了：二", "办好了：三", "办好了：四"]


# -- the real handlers, some of which answer on the request's own thread -----------------------------------


@pytest.mark.usefixtures("on_sqlite")
def test_A2_a_scan_while_the_database_is_locked_is_answered_in_time(account: Account) -> None:
    card, _ = hang(account, nickname="小禾")
    known, new = account.phone(), account.phone()
    known.says("你好")
    with locked(account):
        started = time.monotonic()
        assert "正在办" in new.scans(card), "somebody new has to be written down first"
        assert time.monotonic() - started < SECONDS + ROOM
        assert "小禾 · 女" in known.scans(card), "what was looked at is written down later"
    until(lambda: bool(account.notices(new, take=False)))
    (said,) = account.notices(new)
    assert "小禾 · 女" in said
    assert "收好了" in known.says("收藏") or "小禾" in known.heard


@pytest.mark.parametrize("answer_seconds", [1.0])
def test_A2_a_redis_that_hangs_keeps_no_answer_back(
    config: Config, server: Server, answer_seconds: float
) -> None:
    config = config.model_copy(update={"redis": config.redis.model_copy(update={"url": server.url})})
    with opened(in_mode(config, "plain"), answer_seconds=answer_seconds, lease_seconds=0.5) as account:
        card, _ = hang(account, nickname="小禾")
        phone, other = account.phone(), account.phone()
        phone.says("你好")
        other.says("你好")
        server.process.send_signal(signal.SIGSTOP)
        for act, said in ((phone.says, "帮助"), (other.scans, card)):
            started = time.monotonic()
            assert "正在办" in act(said)
            assert time.monotonic() - started < answer_seconds + ROOM
        server.process.send_signal(signal.SIGCONT)
        for one, words in ((phone, "点一下"), (other, "小禾 · 女")):
            until(lambda one=one: account.notices(one, take=False))  # type: ignore[misc]
            (said,) = account.notices(one)
            assert words in said
