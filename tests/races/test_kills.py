"""B4, A1: kill -9 at any moment loses nothing that was answered and repeats nothing.

People fill in the profile by chat while the processes that answer them are killed. Each answer is heard at the next
question, so a message that acted twice, or not at all, shows at once. The seed is printed, and NIANGJIA_TEST_SEED=…
kills at the same intervals.
"""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.config import Config
from core.redis import connect
from models.matchmaking import Mark, Profile, ProfileMove, Scan
from models.messages import Dialog, Handover
from models.people import Worker
from tests.chat.account import Account, Phone, in_mode, opened
from tests.chat.hung import ANSWERS, hang
from tests.races.served import Killer, Served, serving, wire

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

REST = (("微信号", "你的微信号"), ("kept_1990", "我现在单身"), ("同意", "看一眼，对吗"))


@pytest.fixture
def rng() -> random.Random:
    given = os.environ.get("NIANGJIA_TEST_SEED")
    seed = int(given) if given else random.SystemRandom().randrange(10**9)
    print(f"NIANGJIA_TEST_SEED={seed}")  # noqa: T201
    return random.Random(seed)


@pytest.fixture
def account(config: Config) -> Iterator[Account]:
    """To look into the database; nothing is posted to it."""
    with opened(in_mode(config, "secure"), lease_seconds=1.0) as account:
        yield account


LEASE = {"NIANGJIA_LIMITS__LEASE_SECONDS": "1.0"}


def connected(account: Account, served: Served) -> Account:
    """The account with phones that post to the server."""
    account.wire = wire(served)
    account.wire.text = lambda xml, openid: _content(xml)  # type: ignore[method-assign]
    return account


def meanwhile(
    account: Account, killer: Killer, act: Callable[[Phone], None], threads: int = 3
) -> list[Phone]:
    """New people act, one after another on each thread, until enough was killed."""
    people: list[Phone] = []

    def run(_: int) -> None:
        while killer.left:
            phone = account.phone()
            act(phone)
            people.append(phone)

    with killer, ThreadPoolExecutor(threads) as pool:
        list(pool.map(run, range(threads)))
    assert len(people) >= threads
    return people


def _content(xml: str | None) -> str | None:
    from emulator.xml import parse, text_of

    return text_of(parse(xml.encode()), "Content") if xml else None


def fill(phone: Phone) -> None:
    """The whole profile, each answer checked by the question that follows."""
    phone.dialog(*ANSWERS, *REST, ("提交", "收到"), ("提交", "已经交上来了"))


def look(account: Account, people: list[Phone]) -> None:
    """Everybody has one profile, filled in as they said, and one move of it."""
    with Session(account.engine) as db:
        profiles = db.scalars(select(Profile)).all()
        mine = {profile.worker.openid: profile for profile in profiles}
        for phone in people:
            profile = mine[phone.openid]
            assert (profile.sex, profile.birth_year, profile.height_cm) == ("m", 1990, 176)
            assert (profile.nickname, profile.line) == ("阿岳", "喜欢修老自行车，也会做饭")
            assert profile.contact == "kept_1990"
            moves = select(func.count()).select_from(ProfileMove).where(ProfileMove.profile_id == profile.id)
            assert db.scalar(moves) == 1
        ids = [worker.id for worker in db.scalars(select(Worker)) if worker.openid in mine]
        for dialog in db.scalars(select(Dialog).where(Dialog.worker_id.in_(ids))):
            assert "kept_1990" not in str(dialog.state)


def test_B4_forms_are_filled_in_while_processes_are_killed(
    account: Account, tmp_path: Path, rng: random.Random
) -> None:
    with serving(account.config, tmp_path, processes=2, **LEASE) as served:
        killer = Killer(served, rng, 15, lambda: served.kill_one(rng))
        look(account, meanwhile(connected(account, served), killer, fill))


def test_B4_and_while_redis_forgets_everything_too(
    account: Account, tmp_path: Path, rng: random.Random
) -> None:
    with (
        serving(account.config, tmp_path, processes=2, **LEASE) as served,
        closing(connect(account.config)) as redis,
    ):

        def forget_and_kill() -> None:
            redis.flushall()
            served.kill_one(rng)

        killer = Killer(served, rng, 15, forget_and_kill)
        look(account, meanwhile(connected(account, served), killer, fill))


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short, because a socket's path may have no more than 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="nj-kill-"))
    yield folder
    shutil.rmtree(folder)


def test_B4_a_draft_survives_the_death_of_every_process(
    account: Account, folder: Path, rng: random.Random
) -> None:
    """The server, what it forked, and its embedded Redis: all killed at once, all started again."""
    config = account.config.model_copy(
        update={
            "redis": account.config.redis.model_copy(update={"url": ""}),
            "data": account.config.data.model_copy(update={"dir": folder}),
        }
    )
    with serving(config, folder, processes=2, NIANGJIA_REDIS__URL="", **LEASE) as served:
        connected(account, served)
        phone = account.phone()
        phone.dialog(*ANSWERS[:5])
        served.kill_all()
        phone.dialog(*ANSWERS[5:])
        killer = Killer(served, rng, 8, served.kill_all)
        look(account, meanwhile(account, killer, fill))


def test_A1_scans_and_calls_for_help_act_once_while_processes_are_killed(
    account: Account, tmp_path: Path, rng: random.Random
) -> None:
    card, _ = hang(account)

    def act(phone: Phone) -> None:
        assert "小禾" in phone.follows(card)
        phone.taps("收藏")
        assert "工作人员" in phone.says("人工")
        assert "小禾" in phone.says("我的收藏")

    with serving(account.config, tmp_path, processes=2, **LEASE) as served:
        killer = Killer(served, rng, 10, lambda: served.kill_one(rng))
        people = meanwhile(connected(account, served), killer, act)
    account.bot.looks.write_down()
    with Session(account.engine) as db:
        for table in (Handover, Scan, Mark):
            found = db.execute(select(table.worker_id, func.count()).group_by(table.worker_id)).all()
            assert [count for _, count in found] == [1] * len(people), table
