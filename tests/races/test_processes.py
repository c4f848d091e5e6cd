"""A1, A2, A4 with several real processes on one database and one Redis."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commands._late import left_to_do
from core.clock import utcnow
from core.config import ROOT, Config
from core.redis import connect
from emulator.xml import document
from models.messages import Notice
from tasks.schedule import Workplace
from tests.chat.account import Account, Phone, in_mode, opened
from tests.wechat import environment

pytestmark = pytest.mark.timeout(180)

Post = tuple[str, bytes]


@pytest.fixture
def account(config: Config) -> Iterator[Account]:
    with opened(in_mode(config, "plain"), lease_seconds=0.5) as account:
        yield account


class Client:
    """A process that answers some posts."""

    def __init__(self, account: Account, posts: Sequence[Post], handler: str, **more: Any) -> None:
        env = environment(account.config) | {
            "NIANGJIA_WECHAT__MODE": account.config.wechat.mode,
            "NIANGJIA_LIMITS__LEASE_SECONDS": str(account.config.limits.lease_seconds),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.races.clients"],
            cwd=ROOT,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        sent = [(query, base64.b64encode(body).decode()) for query, body in posts]
        self._say(json.dumps({"posts": sent, "handler": handler, **more}))

    def _say(self, line: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def _hear(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline()

    def wait_until_ready(self) -> None:
        assert self._hear() == "ready\n"

    def go(self) -> None:
        self._say("go")

    def answers(self) -> list[tuple[int, str]]:
        found: list[tuple[int, str]] = [(status, body) for status, body in json.loads(self._hear())]
        return found

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.stdout.close()


@contextmanager
def clients(account: Account, *posts: Sequence[Post], handler: str, **more: Any) -> Iterator[list[Client]]:
    """Processes that are ready to answer these."""
    started = [Client(account, some, handler, **more) for some in posts]
    try:
        for client in started:
            client.wait_until_ready()
        yield started
    finally:
        for client in started:
            client.end()


def posts(phone: Phone, numbers: Sequence[int]) -> list[Post]:
    wire = phone.account.wire
    return [
        wire.packed(document(wire.fields(phone.openid, "text", Content=str(n), MsgId=n))) for n in numbers
    ]


def effects(account: Account) -> int:
    with Session(account.engine) as db:
        return db.scalar(select(func.count()).select_from(Notice)) or 0


def test_A1_deliveries_of_one_message_to_several_processes_act_once(account: Account, phone: Phone) -> None:
    numbers = range(30)
    with clients(account, *(posts(phone, numbers) for _ in range(3)), handler="counting") as three:
        for client in three:
            client.go()
        first, second, third = (client.answers() for client in three)
    assert first == second == third, "the same reply XML"
    assert {status for status, _ in first} == {200}
    assert effects(account) == 30
    assert account.state(phone)["count"] == 30


@pytest.mark.slow
def test_A4_a_hundred_messages_to_four_processes_count_to_a_hundred(account: Account, phone: Phone) -> None:
    parts = [posts(phone, range(n, 100, 4)) for n in range(4)]
    with clients(account, *parts, handler="counting") as four:
        for client in four:
            client.go()
        counts = [body for client in four for _, body in client.answers()]
    assert account.state(phone)["count"] == 100
    assert len({body.partition("<Content>")[2] for body in counts}) == 100, "each heard another number"
    assert effects(account) == 100


@pytest.mark.slow
@pytest.mark.parametrize("handler", ["stuck", "stuck while writing"])
def test_A2_a_message_whose_process_was_killed_after_it_was_acknowledged_is_done_once(
    account: Account, phone: Phone, handler: str
) -> None:
    with clients(account, posts(phone, [1]), handler=handler, answer_seconds=0.5) as (client,):
        client.go()
        ((status, body),) = client.answers()
        assert status == 200
        assert "正在办" in body
        client.process.kill()
        client.process.wait()
    with closing(connect(account.config)) as redis:
        work = Workplace(account.config, account.engine, redis)
        for key in redis.keys(f"{account.config.redis.prefix}alive:*"):
            redis.delete(key)  # its lease ran out
        job, _ = left_to_do(account.bot)
        for _ in range(3):
            job.run(work, utcnow() + timedelta(seconds=20))
    account.clock.now = utcnow()
    (said,) = account.notices(phone)
    assert "没听懂" in said, "what the real handler says to a bare number"
