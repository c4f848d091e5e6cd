"""./niangjia broadcast: the ordinary way, step by step, and who may take which."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.client import Client
from core.clock import utcnow
from core.config import Config
from core.db import make_engine
from core.redis import connect
from emulator.testing import Phone, Running
from models.audit import Audit
from models.broadcasts import Batch, Broadcast, Topic, Way
from models.messages import Notice
from models.people import Worker
from rules import organisations
from rules import staff as staff_rules
from rules.broadcasts import life, results
from tasks import broadcasts
from tests.commands.conftest import Niangjia
from tests.rules.cast import Town
from tests.wechat import heard


@pytest.fixture
def phones(town: Town, wechat: Running) -> list[Phone]:
    """Lin's own phone and four more; one of them belongs to the next district."""
    made = [wechat.phone(following=True) for _ in range(5)]
    homes = [town.north] * 4 + [town.south]
    workers = [
        Worker(openid=phone.openid, organisation_id=home.id, created_at=town.now, followed_at=town.now)
        for phone, home in zip(made, homes, strict=True)
    ]
    town.db.add_all(workers)
    town.db.flush()
    town.staff("lin", town.north, worker=workers[0])
    town.staff("wang", town.north)
    town.staff("south", town.south)
    town.db.commit()
    return made


def deliver(settings: Config) -> None:
    """What a worker does."""
    engine, db = make_engine(settings), connect(settings)
    client = Client(settings, db)
    post = broadcasts.Post(engine, client, settings.broadcasts)
    with Session(engine) as session:
        at_work = broadcasts.sweep(session, utcnow())
        session.commit()
    for one in at_work:
        broadcasts.work(post, one)
    post.desk.close()
    client.close()
    db.close()
    engine.dispose()


def test_new_preview_approve_send_status(
    phones: list[Phone], niangjia: Niangjia, settings: Config, wechat: Running
) -> None:
    words = ("broadcast", "new", "--text", "周六体育馆有活动", "--topic", "activity", "--as", "lin")
    code, said, _ = niangjia(*words)
    assert code == 0
    assert "活动，群发：4 人，会发给 4 人（0 人取消了关注，0 人退订了）。" in said
    assert niangjia("broadcast", "approve", 1, "--as", "wang")[0] == 1
    assert niangjia("broadcast", "preview", 1, "--as", "lin")[0] == 0
    assert heard(phones[0]) == ["周六体育馆有活动"]
    code, _, err = niangjia("broadcast", "approve", 1, "--as", "lin")
    assert "要请另一位同事来批准" in err
    assert "没有找到" in niangjia("broadcast", "approve", 1, "--as", "south")[2]
    assert niangjia("broadcast", "send", 1, "--as", "lin", "--no-wait")[0] == 1
    code, said, _ = niangjia("broadcast", "approve", 1, "--as", "wang")
    assert "周六体育馆有活动\n活动，群发：4 人" in said
    assert niangjia("broadcast", "send", 1, "--as", "lin", "--no-wait")[0] == 0
    deliver(settings)
    code, said, _ = niangjia("broadcast", "status", 1, "--as", "wang")
    assert "群发 1：发送中" in said
    assert "合计 4 人" in said
    assert niangjia("broadcast", "pause", 1, "--as", "wang")[0] == 0
    code, said, _ = niangjia("broadcast", "edit", 1, "--text", "改到周日", "--as", "lin")
    assert "第 2 版，给还没发到的人" in said
    code, said, _ = niangjia("broadcast", "status", "--as", "lin")
    assert "改到周日" in said
    assert "改到周日" not in niangjia("broadcast", "status", "--as", "south")[1]


def test_F10_a_difference_stands_in_status_until_somebody_without_a_phone_has_looked(
    phones: list[Phone], niangjia: Niangjia, settings: Config, wechat: Running, town: Town
) -> None:
    niangjia("broadcast", "new", "--text", "周六体育馆有活动", "--topic", "activity", "--as", "lin")
    niangjia("broadcast", "preview", 1, "--as", "lin")
    niangjia("broadcast", "approve", 1, "--as", "wang")
    niangjia("broadcast", "send", 1, "--as", "lin", "--no-wait")
    staff_rules.by_login(town.db, "lin").worker_id = None
    town.db.commit()
    deliver(settings)

    def tell(sent: int) -> None:
        town.db.rollback()
        batch = town.db.scalars(select(Batch)).one()
        assert batch.message_id
        counts = {"total": 4, "filtered": sent, "sent": sent, "errors": 0}
        results.report(town.db, batch.message_id, status="send success", now=utcnow(), **counts)
        town.db.commit()

    assert niangjia("broadcast", "status", 1, "--as", "wang")[0] == 0
    tell(3)
    deliver(settings)
    assert not town.db.scalars(select(Notice)).all()  # nobody has a phone to be told on
    code, said, err = niangjia("broadcast", "status", 1, "--as", "wang")
    assert code == 3
    assert "第 1 批对不上：交了 4 人，微信说 send success，发到 3 人（还没有人看过）" in said
    assert "settle 1 --looked" in err
    assert niangjia("broadcast", "status", 1, "--watch", "--as", "wang")[0] == 3
    code, said, err = niangjia("broadcast", "status", "--as", "wang")
    assert code == 3
    assert "1 批没看过" in said
    assert "对不上" in err
    code, said, err = niangjia("broadcast", "status", "--as", "south")
    assert (code, err) == (0, "")
    assert "没看过" not in said
    assert niangjia("broadcast", "settle", 1, "--looked", "--as", "south")[0] == 1
    code, said, _ = niangjia("broadcast", "settle", 1, "--looked", "--as", "wang")
    assert (code, said) == (0, "1 批对不上的，记下你看过了。\n")
    code, said, err = niangjia("broadcast", "status", 1, "--as", "wang")
    assert (code, err) == (0, "")
    assert "第 1 批对不上" in said
    assert "没有人看过" not in said
    assert niangjia("broadcast", "status", "--as", "wang")[0] == 0
    acts = [row.act for row in town.db.scalars(select(Audit).order_by(Audit.id))]
    assert acts[-1] == "broadcast_looked"


def test_F10_an_old_broadcast_that_differs_is_still_in_the_list(
    phones: list[Phone], niangjia: Niangjia, settings: Config, town: Town
) -> None:
    new = ("broadcast", "new", "--topic", "news", "--as", "lin", "--text")
    niangjia(*new, "最早的一条")
    old = town.db.scalars(select(Broadcast)).one()
    writer = staff_rules.by_login(town.db, "lin")
    for number in range(20):
        body = {"text": f"后来的 {number}"}
        life.new(town.db, writer, "text", body, topic=Topic.NEWS, way=Way.MASS, audience={}, now=utcnow())
    town.db.commit()
    assert "最早的一条" not in niangjia("broadcast", "status", "--as", "lin")[1]
    town.db.add(
        Batch(
            broadcast_id=old.id,
            number=1,
            version=1,
            client_id="nj-test",
            state="unknown",
            size=2,
            made_at=utcnow(),
            lease_until=utcnow(),
            told_at=utcnow(),
            is_different=True,
        )
    )
    town.db.commit()
    code, said, _ = niangjia("broadcast", "status", "--as", "lin")
    assert code == 3
    assert "最早的一条" in said
    code, said, _ = niangjia("broadcast", "status", old.id, "--as", "lin")
    assert code == 3
    assert "交了 2 人，微信没有说结果（还没有人看过）" in said


def test_words_that_changed_during_their_preview_are_not_previewed(
    phones: list[Phone], niangjia: Niangjia, monkeypatch: pytest.MonkeyPatch
) -> None:
    niangjia("broadcast", "new", "--text", "周六见", "--topic", "news", "--as", "lin")
    real = Client.preview_mass

    def meanwhile(*args: Any) -> None:
        real(*args)
        niangjia("broadcast", "edit", 1, "--text", "随便写的", "--as", "lin")

    with monkeypatch.context() as patch:
        patch.setattr(Client, "preview_mass", meanwhile)
        code, _, err = niangjia("broadcast", "preview", 1, "--as", "lin")
    assert (code, "再预览一次" in err) == (1, True)
    assert "preview" in niangjia("broadcast", "approve", 1, "--as", "wang")[2]


def test_a_preview_stays_in_the_house(phones: list[Phone], niangjia: Niangjia, town: Town) -> None:
    worker = town.db.scalar(select(Worker).where(Worker.openid == phones[4].openid))
    below = organisations.add(town.db, "城北纺织厂工会", town.north)
    clerk = town.db.scalar(select(Worker).where(Worker.openid == phones[1].openid))
    town.staff("neighbour", town.south, worker=worker)
    town.staff("clerk", below, worker=clerk)
    town.db.commit()
    niangjia("broadcast", "new", "--text", "还没批准", "--topic", "news", "--as", "lin")
    assert "没有找到" in niangjia("broadcast", "preview", 1, "--to", "neighbour", "--as", "lin")[2]
    assert heard(phones[4]) == []
    assert niangjia("broadcast", "preview", 1, "--to", "clerk", "--as", "lin")[0] == 0
    assert heard(phones[1]) == ["还没批准"]


def test_what_makes_no_sense_is_said(phones: list[Phone], niangjia: Niangjia) -> None:
    new = ("broadcast", "new", "--topic", "news", "--as", "lin")
    assert niangjia(*new)[0] == 2
    assert "还没有写内容" in niangjia(*new, "--text", " ")[2]
    assert "太长了" in niangjia(*new, "--text", "长" * 700)[2]
    assert "没有这个单位" in niangjia(*new, "--text", "x", "--union", "没有的工会")[2]
    assert "没有这个单位" in niangjia(*new, "--text", "x", "--union", "城南区总工会")[2]
    assert "没有人有这个标签" in niangjia(*new, "--text", "x", "--tag", "老会员")[2]
    assert niangjia("broadcast", "settle", 9, "--as", "lin")[0] == 2


def test_a_tag_is_fetched_and_chosen(phones: list[Phone], niangjia: Niangjia, wechat: Running) -> None:
    def tag_them() -> None:
        wechat.state.tags[100] = "老会员"
        for phone in phones[1:3]:
            phone.person.rest()["tags"] = [100]

    wechat.do(tag_them)
    assert niangjia("broadcast", "tag", "老会员", "--as", "lin")[1] == "标签“老会员”：2 人。\n"
    new = ("broadcast", "new", "--topic", "news", "--as", "lin", "--text", "x", "--tag", "老会员")
    assert "2 人，会发给 2 人" in niangjia(*new)[1]
    assert "没有“新会员”这个标签" in niangjia("broadcast", "tag", "新会员", "--as", "lin")[2]
