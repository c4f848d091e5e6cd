"""B8, B11: a form is taken once; what is sensitive stays out of logs, plain columns and used drafts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from core.config import Config
from core.redis import connect
from emulator.xml import document
from models.base import Base
from models.matchmaking import Profile
from tests.chat.account import Account, Phone, in_mode, opened
from tests.chat.fair import Fair
from tests.chat.hung import ANSWERS
from tests.chat.waiting import at_once, until

WECHAT_ID = "marker_wx_1990"
PHONE = "13912345678"


@pytest.fixture
def account(config: Config) -> Iterator[Account]:
    """An account that logs everything there is to log."""
    with opened(
        in_mode(config, "secure").model_copy(update={"log": config.log.model_copy(update={"level": "debug"})})
    ) as account:
        yield account


def fill(phone: Phone, *contact: tuple[str, str]) -> None:
    phone.dialog(*ANSWERS, *contact, ("同意", "看一眼，对吗"))


def profiles(account: Account) -> int:
    with Session(account.engine) as db:
        return db.scalar(select(func.count()).select_from(Profile)) or 0


# -- B8 ----------------------------------------------------------------------------------------------------


def test_B8_submitting_three_times_one_after_another_makes_one(account: Account, phone: Phone) -> None:
    fill(phone, ("先不给", "单身"))
    first = phone.says("提交")
    assert "收到" in first
    for _ in range(2):
        again = phone.says("提交")
        assert "已经交上来了" in again
        assert "编号" in again or "审核" in again, "the first result, with its number"
    assert profiles(account) == 1


def test_B8_submitting_three_times_at_once_makes_one(account: Account, phone: Phone) -> None:
    fill(phone, ("先不给", "单身"))
    wire = account.wire
    posts = [wire.packed(document(wire.fields(phone.openid, "text", Content="提交"))) for _ in range(3)]
    heard = [
        phone.hears(wire.read(answer)) for answer in at_once(*(partial(wire.send, *post) for post in posts))
    ]
    assert sum("已经交上来了" in said for said in heard) == 2
    assert profiles(account) == 1


def test_B8_a_double_tap_and_a_retry_make_one(account: Account, phone: Phone) -> None:
    fill(phone, ("先不给", "单身"))
    (submit,) = [link for link in phone.links if link.label == "提交"]
    phone.taps("提交")
    assert "已经交上来了" in phone.says(submit.says, bizmsgmenuid=submit.id)
    assert profiles(account) == 1


def test_B8_a_retry_that_redis_forgot_makes_one(account: Account, phone: Phone) -> None:
    fill(phone, ("先不给", "单身"))
    fields = account.wire.fields(phone.openid, "text", Content="提交")
    first = account.wire.deliver(fields)
    client = connect(account.config)
    client.flushall()
    client.close()
    assert account.wire.deliver(fields) == first
    assert profiles(account) == 1


# -- B11 ---------------------------------------------------------------------------------------------------


def everything_stored(account: Account) -> bytes:
    """All that the database holds, as it holds it."""
    if account.engine.dialect.name == "sqlite":
        name = account.engine.url.database
        assert name
        return b"".join(file.read_bytes() for file in sorted(Path(name).parent.glob(f"{Path(name).name}*")))
    with account.engine.connect() as db:
        found = [
            row
            for table in Base.metadata.sorted_tables
            for row in db.execute(
                text(f"SELECT t::text, encode(t::text::bytea, 'escape') FROM {table.name} t")
            )
        ]
    return repr(found).encode()


@pytest.mark.parametrize(
    ("kind", "question", "marker"), [("微信号", "你的微信号", WECHAT_ID), ("手机号", "你的手机号", PHONE)]
)
def test_B11_what_is_sensitive_is_nowhere_in_the_clear(
    account: Account, phone: Phone, kind: str, question: str, marker: str
) -> None:
    stray = account.phone()
    stray.says(marker)  # and outside of any form
    phone.dialog(*ANSWERS, (kind, question), (marker, "单身"))
    draft = account.state(phone)["draft"]
    assert marker in str(draft), "kept until it is handed in"
    phone.dialog(("同意", "看一眼，对吗"))
    assert marker not in phone.heard, "a summary shows enough to recognise one's own"
    client = connect(account.config)
    kept = b"".join(bytes(client.dump(key) or b"") for key in client.keys("*"))
    assert marker.encode() not in kept, "nor in Redis"
    client.close()
    assert marker.encode() not in everything_stored(account), "drafts are sealed"
    phone.says("提交")
    assert marker not in str(account.state(phone)), "gone from the draft"
    assert marker.encode() not in everything_stored(account)
    with Session(account.engine) as db:
        assert db.scalars(select(Profile.contact)).one() == marker, "and yet there"
    assert marker not in account.log.getvalue()


def test_B11_a_bug_while_it_is_said_logs_none_of_it(account: Account, phone: Phone) -> None:
    phone.dialog(*ANSWERS, ("微信号", "你的微信号"))

    def broken(chat: object) -> None:
        secret = phone.openid  # in a local variable, as a traceback with locals would show
        raise ValueError(f"{len(secret)}")

    account.bot.converse = broken  # type: ignore[assignment]
    phone.says(WECHAT_ID)
    assert "编号" in phone.heard
    logged = account.log.getvalue()
    assert "ValueError" in logged
    assert WECHAT_ID not in logged
    assert phone.openid not in logged


def test_B11_a_contact_that_was_told_is_sealed_in_redis_and_in_the_database(account: Account) -> None:
    """Redis writes to disk what it remembers, and keeps it there much longer than it remembers it."""
    fair = Fair(account)
    asker, asked = fair.man("阿岳", contact=WECHAT_ID), fair.person("小禾")
    asker.scans(fair.code(asked))
    asker.says("想认识TA")
    asked.says("愿意")
    assert WECHAT_ID in asked.heard
    client = connect(account.config)
    answers = f"{account.config.redis.prefix}answer:*"
    until(lambda: len(client.keys(answers)) == 3)
    for key in client.keys(answers):
        assert WECHAT_ID.encode() not in (client.get(key) or b"")
    client.close()
    assert WECHAT_ID.encode() not in everything_stored(account)


def test_B11_handing_over_keeps_what_was_filled_in_sealed(account: Account, phone: Phone) -> None:
    phone.dialog(*ANSWERS, ("微信号", "你的微信号"), (WECHAT_ID, "单身"), ("人工", "工作人员"))
    assert WECHAT_ID.encode() not in everything_stored(account)
    assert WECHAT_ID not in account.log.getvalue()


def test_B11_cancelling_forgets_it(account: Account, phone: Phone) -> None:
    phone.dialog(*ANSWERS, ("微信号", "你的微信号"), (WECHAT_ID, "单身"), ("取消", "先不填"))
    assert WECHAT_ID not in str(account.state(phone))


def test_B11_what_came_too_late_is_kept_sealed_and_not_longer_than_needed(
    account: Account, phone: Phone
) -> None:
    account.bot.turns.keep_late("k:1", at=account.clock().isoformat(), body=WECHAT_ID, reply="")
    client = connect(account.config)
    kept = b"".join(bytes(client.dump(key) or b"") for key in client.keys("*"))
    client.close()
    assert WECHAT_ID.encode() not in kept
    account.bot.recover()
    assert WECHAT_ID.encode() not in everything_stored(account)
