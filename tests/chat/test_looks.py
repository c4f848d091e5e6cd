"""A look at a card is a row soon after, once, whatever happens in between."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from redis.exceptions import ConnectionError as RedisAway
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from bot.looks import MANY, packed, waiting_key
from bot.turns import Turn
from commands._late import left_to_do
from core.clock import utcnow
from core.redis import connect
from models.matchmaking import Card, Scan
from models.people import Worker
from tasks.schedule import Workplace
from tests.chat.account import Account, Phone
from tests.chat.fair import Fair


def rows(account: Account) -> int:
    with Session(account.engine) as db:
        return db.scalar(select(func.count()).select_from(Scan)) or 0


def waiting(account: Account) -> int:
    with closing(connect(account.config)) as redis:
        count: int = redis.xlen(waiting_key(account.config))
        return count


def test_a_scan_waits_and_the_worker_writes_it_down(fair: Fair, her: Phone, him: Phone) -> None:
    account = fair.account
    him.scans(fair.code(her))
    assert (rows(account), waiting(account)) == (0, 1)
    with closing(connect(account.config)) as redis:
        job = next(job for job in left_to_do(account.bot) if job.name == "write down looks")
        for _twice in range(2):
            job.run(Workplace(account.config, account.engine, redis), utcnow())
            assert (rows(account), waiting(account)) == (1, 0)


def test_a_delivery_repeated_is_one_look(fair: Fair, her: Phone, him: Phone) -> None:
    account = fair.account
    fields = account.wire.fields(him.openid, "event", Event="SCAN", EventKey=fair.code(her), Ticket="t")
    for _ in range(3):
        assert "小禾" in him.hears(account.wire.deliver(fields))
    account.bot.looks.write_down()
    assert rows(account) == 1


def test_words_without_a_name_mean_the_card_of_a_moment_ago(fair: Fair, her: Phone, him: Phone) -> None:
    him.scans(fair.code(her))
    him.says("嗯嗯呀")  # or the word would be the tap of the last answer
    assert "小禾" in him.says("收藏"), "before the worker wrote anything down"
    assert waiting(fair.account) == 0


def test_several_processes_write_down_at_once(fair: Fair, her: Phone, him: Phone) -> None:
    account = fair.account
    card, worker = ids(fair, her, him)
    with closing(connect(account.config)) as redis:
        for number in range(MANY * 2 + 7):
            redis.xadd(waiting_key(account.config), {"": packed(worker, card, f"k{number}", account.clock())})
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: account.bot.looks.write_down(), range(4)))
    assert (rows(account), waiting(account)) == (MANY * 2 + 7, 0)


def test_a_look_at_what_is_gone_is_left_out(fair: Fair, her: Phone, him: Phone) -> None:
    account = fair.account
    card, worker = ids(fair, her, him)
    him.scans(fair.code(her))
    with closing(connect(account.config)) as redis:
        redis.xadd(waiting_key(account.config), {"": packed(worker, 10**9, "gone card", account.clock())})
        redis.xadd(waiting_key(account.config), {"": packed(10**9, card, "gone person", account.clock())})
    account.bot.looks.write_down()
    assert (rows(account), waiting(account)) == (1, 0)


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"nonsense",
        b"1 2 x k",
        b"1 2 nan k",
        b"1 2 1e30 k",
        b"\xff\xfe 2 1 k",
        b"1 2 1.5 a\0b",
        b"99999999999999999999 2 1.5 k",
        b"1 -2 1.5 k",
    ],
)
def test_garbage_in_the_stream_stops_nobody(fair: Fair, her: Phone, him: Phone, garbage: bytes) -> None:
    account = fair.account
    with closing(connect(account.config)) as redis:
        redis.xadd(waiting_key(account.config), {"": garbage})
    him.scans(fair.code(her))
    him.says("嗯嗯呀")
    assert "小禾" in him.says("收藏"), "which catches up first"
    assert (rows(account), waiting(account)) == (1, 0)
    assert any(line.get("event") == "look left out, nobody can read it" for line in account.lines())


def test_what_cannot_be_written_waits_on(
    fair: Fair, her: Phone, him: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = fair.account
    him.scans(fair.code(her))
    with monkeypatch.context() as patch:
        patch.setattr("bot.looks.looking.note_all", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            account.bot.looks.write_down()
    assert (rows(account), waiting(account)) == (0, 1)
    assert account.bot.looks.write_down() == 1


def test_a_look_without_redis_is_a_row_at_once(fair: Fair, her: Phone, him: Phone) -> None:
    account = fair.account
    account.bot.lane.is_away = True
    assert "小禾" in him.scans(fair.code(her))
    assert (rows(account), waiting(account)) == (1, 0)


def test_a_redis_gone_when_the_answer_is_left_loses_no_look(
    fair: Fair, her: Phone, him: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = fair.account

    def away(*_: object) -> None:
        raise RedisAway

    monkeypatch.setattr(account.bot.turns, "leave", away)
    assert "小禾" in him.scans(fair.code(her))
    assert (rows(account), waiting(account)) == (1, 0)


def ids(fair: Fair, her: Phone, him: Phone) -> tuple[int, int]:
    him.says("你好")
    with fair.db() as db:
        card = db.scalar(select(Card.id).where(Card.token == fair.token(her)))
        worker = db.scalar(select(Worker.id).where(Worker.openid == him.openid))
        assert card
        assert worker
        db.execute(delete(Scan))
        db.commit()
        return card, worker


def test_a_look_survives_that_redis_forgets_the_scripts(
    fair: Fair, her: Phone, him: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between asking for the turn and giving it back: the person does not wait, and the look is counted."""
    account = fair.account
    leave = account.bot.turns.leave

    def flushed(turn: Turn, answer: str) -> None:
        with closing(connect(account.config)) as redis:
            redis.script_flush()
        leave(turn, answer)

    with monkeypatch.context() as patched:
        patched.setattr(account.bot.turns, "leave", flushed)
        him.scans(fair.code(her))
    assert "收好了" in him.says("收藏")
    account.bot.looks.write_down()
    assert rows(account) == 1
