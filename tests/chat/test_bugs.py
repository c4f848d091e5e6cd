"""A3: a bug is apologised for with a reference, and nothing of it stays half done."""

from __future__ import annotations

import re
import sqlite3

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.callback import TRIES
from bot.chat import Chat
from bot.replies import Say
from core.errors import Refused
from models.matchmaking import Profile
from models.messages import Handover, Notice
from rules.notices import tell
from tests.chat.account import Account, Phone


def reference_in(heard: str) -> str:
    found = re.search(r"编号 ([2-9A-Z]{4})）", heard)
    assert found, heard
    return found[1]


def test_A3_a_bug_is_apologised_for_with_a_reference_that_the_log_has(account: Account, phone: Phone) -> None:
    runs = []

    def broken(chat: Chat) -> tuple[Say, ...]:
        runs.append(1)
        chat.remember("half", True)
        chat.db.add(Handover(worker_id=chat.worker_id, at=chat.now, about="half", message_key="half"))
        chat.db.flush()
        tell(chat.db, chat.worker_id, "late_answer", now=chat.now, text="half")
        raise ZeroDivisionError("a bug")

    account.bot.converse = broken
    wire = account.wire
    fields = wire.fields(phone.openid, "text", Content="一")
    first = wire.deliver(fields)
    reference = reference_in(phone.hears(first))
    assert phone.heard.startswith("刚才没弄成，是我们这边的问题")
    (line,) = [line for line in account.lines() if line["level"] == "error"]
    assert line["reference"] == reference
    assert "ZeroDivisionError: a bug" in line["exception"]
    assert phone.openid not in account.log.getvalue()
    assert phone.openid[-6:] in line["message"]
    with Session(account.engine) as db:
        assert db.scalar(select(func.count()).select_from(Handover)) == 0, "nothing half written"
        assert db.scalar(select(func.count()).select_from(Notice)) == 0
    assert account.state(phone) == {}
    assert wire.deliver(fields) == first, "a retry is told the same"
    assert len(runs) == 1


def test_A3_a_refusal_is_no_bug_and_writes_nothing(account: Account, phone: Phone) -> None:
    def refuse(chat: Chat) -> tuple[Say, ...]:
        chat.remember("half", True)
        chat.db.add(Handover(worker_id=chat.worker_id, at=chat.now, about="half", message_key="half"))
        raise Refused("nothing")

    account.bot.converse = refuse
    assert "没听懂" in phone.says("一")
    with Session(account.engine) as db:
        assert db.scalar(select(func.count()).select_from(Handover)) == 0
    assert account.state(phone) == {}
    assert account.lines() == []


def test_A3_a_refusal_without_words_is_a_bug(account: Account, phone: Phone) -> None:
    def refuse(chat: Chat) -> tuple[Say, ...]:
        raise Refused("a code nobody found words for")

    account.bot.converse = refuse
    reference_in(phone.says("一"))


def test_A3_what_the_database_refuses_is_not_quoted_in_the_log(account: Account, phone: Phone) -> None:
    def broken(chat: Chat) -> tuple[Say, ...]:
        chat.db.add(Profile(worker_id=chat.worker_id, nickname="小标记", contact="13812345678"))
        chat.db.flush()
        return ()

    account.bot.converse = broken
    reference_in(phone.says("一"))
    assert "IntegrityError" in account.log.getvalue()
    assert "小标记" not in account.log.getvalue()
    assert "13812345678" not in account.log.getvalue()


def test_A3_a_transaction_that_lost_a_race_is_repeated(account: Account, phone: Phone) -> None:
    runs = []

    def unlucky(chat: Chat) -> tuple[Say, ...]:
        runs.append(1)
        if len(runs) < TRIES:
            raise sqlite3.OperationalError("database is locked")
        return (Say("好"),)

    account.bot.converse = unlucky
    assert phone.says("一") == "好"
    assert [line["event"] for line in account.lines()] == ["transaction repeated"] * (TRIES - 1)


def test_A3_a_database_that_is_gone_is_apologised_for_too(account: Account, phone: Phone) -> None:
    phone.says("你好")

    def gone(chat: Chat) -> tuple[Say, ...]:
        raise sqlite3.OperationalError("disk I/O error")

    account.bot.converse = gone
    reference_in(phone.says("一"))
    real = account.bot.desk.session

    def no_session() -> None:
        raise sqlite3.OperationalError("unable to open database file")

    account.bot.desk.session = no_session  # type: ignore[method-assign,assignment]
    reference_in(phone.says("二"))
    account.bot.desk.session = real  # type: ignore[method-assign]
