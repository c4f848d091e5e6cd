"""导出我的数据, from the chat to the file, in any browser; and nothing of a person is left once they were erased."""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import Client

from core import sealed_files
from core.db import make_engine
from core.redis import connect
from models.appointments import BookingState
from models.broadcasts import RecipientState, Topic
from models.matchmaking import Profile, ProfileState, RequestState
from models.people import Worker
from models.persons import Erasure
from models.photos import Photo
from models.waiting import Turn
from rules.matchmaking import cards, photos
from rules.persons import exporting
from tasks import schedule
from tasks.channels import Channel
from tasks.schedule import Workplace
from tests.chat.account import Account
from tests.rules.cast import build
from tests.rules.persons_cast import MARK, everything, lives
from tests.web.mobile.hall import BASE, Hall
from web.parts import archive

FILLED = (
    ("我的资料卡", "现在做"), ("«现在做»", "性别"), ("女", "哪一年"), ("1991", "身高"), ("168", "学历"),
    ("本科", "什么工作"), ("护士", "哪个区"), ("西湖区", "老家"), ("嘉兴", "一句话"), ("标记MK爱爬山", "称呼"),
    ("标记MK", "婚姻"), ("未婚", "想认识"), ("都可以", "联系方式"), ("微信号", "微信号"), ("marker_wx_1", "单身"),
    ("同意", "看一眼"), ("提交", "收到"),
)  # fmt: skip


def link_of(said: str) -> str:
    found = re.search(rf"{BASE}(/m/export/[\w-]+)", said)
    assert found, said
    return found[1]


def test_the_file_is_taken_away_once(hall: Hall) -> None:
    phone = hall.chat(hall.browser())
    phone.dialog(*FILLED)
    path = link_of(phone.says("导出我的数据"))
    browser = Client(hall.account.app)  # not WeChat's: nobody is logged in there
    for _ in range(2):
        page = browser.get(path, base_url=BASE).text
        assert "只能下载一次" in page
        assert MARK not in page
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    answer = browser.post(f"{path}/file", base_url=BASE, data={"csrf_token": token[1]})
    assert answer.content_type == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as zipped:
        data, read = json.loads(zipped.read("data.json")), zipped.read("index.html").decode()
    assert data["profile"][0]["contact"] == "marker_wx_1"
    assert "标记MK爱爬山" in read
    assert "待审" in read
    assert not re.search("[a-z]+_[a-z]+：", read), "what was asked has a name, too"
    assert "http" not in read, "nothing from elsewhere"
    again = browser.post(f"{path}/file", base_url=BASE, data={"csrf_token": token[1]})
    assert (again.status_code, MARK in again.text) == (410, False)
    assert "用过了" in browser.get(path, base_url=BASE).text
    assert "用过了" in browser.get("/m/export/made-up", base_url=BASE).text


def test_everything_in_an_export_has_a_name_in_chinese(hall: Hall) -> None:
    with Session(hall.account.engine) as db:
        it = lives(build(hall.account.engine, db), hall.account.config)
        with hall.account.app.app_context():
            held = exporting.collect(db, it.worker, words=lambda db, notice: "话", now=hall.account.clock())
            archive.archive(held, 1, now=hall.account.clock())
        db.rollback()
    assert set(held) == set(archive.SECTIONS)
    assert {key for rows in held.values() for row in rows for key in row} <= set(archive.LABELS)
    kinds = (ProfileState, RequestState, Turn, BookingState, RecipientState, Topic, Channel)
    codes = {str(code) for kind in kinds for code in kind} | {"phone", "wechat", "none"}
    assert codes <= set(archive.VALUES)


def hang(db: Session, account: Account) -> None:
    """A photo of the only profile, and a card on wall 1 that was void before."""
    now = account.clock.now
    town = build(account.engine, db, now)
    profile = db.scalars(select(Profile)).one()
    place = photos.folder(account.config)
    name = sealed_files.keep(place, b"jpeg")
    os.utime(place / name[:2] / name, (0, 0))
    db.add(
        Photo(worker_id=profile.worker_id, profile_id=profile.id, name=name, width=1, height=1, made_at=now)
    )
    cards.revoke(db, cards.issue(db, profile, town.wall(1, "90后"), now=now), now=now)
    db.commit()


def test_within_a_minute_nothing_is_left_in_the_database_in_redis_or_on_disk(hall: Hall) -> None:
    phone, account = hall.chat(hall.browser()), hall.account
    phone.dialog(*FILLED, ("人工", "工作人员"), ("退订", "不再发"))
    phone.says("导出我的数据")
    account.bot.turns.keep_late(f"{phone.openid}:99", at=account.clock().isoformat(), body="标记MK", reply="")
    redis, engine = connect(account.config), make_engine(account.config)
    sheets = account.config.data_dir / "sheets"
    sheets.mkdir(parents=True)
    for name in ("wall-1.pdf", "wall-1-poster.pdf", "wall-10.pdf"):
        (sheets / name).write_text(name)
    with Session(engine) as db:
        hang(db, account)
    phone.dialog(("注销", "会删掉"), ("1", "确认注销"), ("确认注销", "已经注销了"))
    for _ in range(3):
        account.clock.move(seconds=15)
        schedule.finish_persons(Workplace(account.config, engine, redis), account.clock.now)
    with Session(engine) as db:
        assert db.scalars(select(Erasure)).one().cleared_at is not None
        rows = everything(db)
        left = {
            table
            for table, text in rows.items()
            if any(mark in text for mark in (phone.openid, "标记MK", "marker_wx"))
        }
        assert left == set()
        assert db.scalars(select(Worker.openid)).all() == ["gone:1"]
    for key in redis.keys("*"):
        assert phone.openid.encode() not in key
        assert phone.openid.encode() not in bytes(redis.dump(key) or b""), key
    assert redis.hlen(f"{account.config.redis.prefix}late") == 0
    redis.close()
    engine.dispose()
    for file in Path(account.config.data_dir).rglob("*") if account.config.data_dir.exists() else []:
        assert not file.is_file() or phone.openid.encode() not in file.read_bytes(), file
    assert not [file for file in photos.folder(account.config).rglob("*") if file.is_file()]
    assert [file.name for file in sheets.iterdir()] == ["wall-10.pdf"], "their wall is printed anew"
    assert phone.openid not in account.log.getvalue()
    assert "你好" in phone.says("你好"), "and starts from zero"
    phone.unfollows()
