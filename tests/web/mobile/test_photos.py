"""Photos of one's profile: added on the phone, seen by whoever reviews it, by nobody else."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session
from werkzeug.test import Client, TestResponse

from bot.client import Client as WeChat
from core import pictures as pictures_at_work
from core.errors import Refused
from core.redis import connect
from emulator.phone import keep_media
from models.audit import Audit
from models.matchmaking import Profile, ProfileState
from models.messages import Dialog
from models.people import Staff
from models.people import Worker as Person
from models.photos import Photo
from rules import logins, organisations, staff
from rules.access import Role
from rules.logins import Way, Where
from rules.matchmaking import photos, profiles
from rules.persons import erasing
from tasks import photos as fetching
from tasks import schedule
from tasks.schedule import Workplace
from tests.chat.fair import Fair, passes
from tests.chat.waiting import until
from tests.core.test_pictures import PLACE, bomb, photo
from tests.web.mobile.hall import BASE, Browser, Hall
from web.mobile import forms

PAGE, FORM = "/m/photos", "/m/forms/photos"
SMALL = (300, 400)


def begun(phone: Browser) -> None:
    phone.opens(FORM)
    phone.sends("/begin")


def upload(phone: Browser, data: bytes) -> TestResponse:
    return phone.sends("/photo", files={"photo": (io.BytesIO(data), "../IMG_1.jpg")})


def hand_in(phone: Browser) -> None:
    for said in ("好了", "提交"):
        phone.sends("/forms/photos", say=said)


def add(phone: Browser, *sent: bytes) -> None:
    """Give photos and hand them in; then the page of one's photos is open."""
    begun(phone)
    for data in sent:
        upload(phone, data)
    hand_in(phone)
    phone.opens(PAGE)


def listed(hall: Hall, nickname: str = "小禾") -> tuple[Fair, Browser]:
    """Somebody whose card hangs, on the page of their photos."""
    fair, phone = Fair(hall.account), hall.browser(nickname)
    fair.person(nickname, hall.chat(phone))
    phone.opens(PAGE)
    return fair, phone


def files(hall: Hall) -> list[bytes]:
    return [one.read_bytes() for one in photos.folder(hall.account.config).rglob("*") if one.is_file()]


def pictures(phone: Browser) -> list[str]:
    return re.findall(r'src="(/m/photos/\d+)"', phone.page)


def reviewer(hall: Hall, staff_id: int) -> Client:
    """The console, as this member."""
    browser = Client(hall.account.app)
    with Session(hall.account.engine) as db:
        member = db.get_one(Staff, staff_id)
        token = logins.open_login(db, member, Where("127.0.0.1", ""), Way.SCAN, now=hall.account.clock.now)
        db.commit()
    browser.set_cookie("nj_console", token, domain="pages.test", path="/console")
    return browser


def one(hall: Hall, entity: Any) -> Any:
    with Session(hall.account.engine, expire_on_commit=False) as db:
        return db.scalars(select(entity)).one()


def test_a_photo_is_kept_sealed_without_its_place_and_the_profile_is_reviewed_again(hall: Hall) -> None:
    _, phone = listed(hall)
    begun(phone)
    assert "重新审核" in phone.words
    given = photo(turned=6)
    upload(phone, given)
    assert "收到 1 张" in phone.words
    before = phone.page
    upload(phone, given)
    assert "收到 2 张" in phone.words
    phone.page = before
    upload(phone, given)
    assert "收到 2 张" in phone.words, "the same button twice is once"
    phone.sends("/forms/photos", say="去掉上一张")
    assert "收到 1 张" in phone.words
    assert one(hall, Profile).state == ProfileState.LISTED, "nothing is handed in"
    shown = phone.get(pictures(phone)[0])
    assert (shown.mimetype, shown.headers["Cache-Control"]) == ("image/jpeg", "no-store")
    assert Image.open(io.BytesIO(shown.data)).size == (960, 1280)
    phone.sends("/forms/photos", say="好了")
    assert "1 张" in phone.words
    phone.sends("/forms/photos", say="提交")
    assert "1 张都加上了" in phone.words
    phone.opens(PAGE)
    assert len(pictures(phone)) == 1
    for kept in files(hall):
        assert not kept.startswith(b"\xff\xd8")
        assert PLACE not in kept
    assert one(hall, Profile).state == ProfileState.IN_REVIEW
    assert one(hall, Profile).submitted_at == hall.account.clock.now, (
        "what a reviewer has open is not the newest"
    )


def test_six_and_no_more_and_removed_at_once(hall: Hall) -> None:
    _, phone = listed(hall)
    begun(phone)
    for _ in range(6):
        upload(phone, photo(SMALL))
    assert 'type="file"' not in phone.page
    hand_in(phone)
    phone.opens(PAGE)
    assert len(pictures(phone)) == 6
    assert FORM not in phone.page
    begun(phone)
    assert "已经有 6 张了" in phone.words
    phone.opens(PAGE)
    first = pictures(phone)[0]
    phone.sends("/remove")
    assert len(pictures(phone)) == 5
    assert phone.get(first).status_code == 404
    with Session(hall.account.engine) as db:
        names = db.scalars(select(Photo.name)).all()
    assert len(names) == len(files(hall)) == 5


def test_what_is_no_photo_or_far_too_large_is_told_kindly(hall: Hall) -> None:
    _, phone = listed(hall)
    begun(phone)
    for data, words in (
        (b"", "还没选照片"),
        (b"GIF89a", "这张打不开"),
        (b"<script>alert(1)</script>", "这张打不开"),
        (photo((90, 400)), "这张太小了"),
        (bomb(7000), "这张太大了"),
        (b"\0" * (10 * 1024 * 1024 + 5), "这张太大了"),
    ):
        upload(phone, data)
        assert words in phone.words, words
    answer = phone.post(f"{FORM}/photo", files={"photo": (io.BytesIO(b"\0" * 11_000_000), "x.jpg")})
    assert (answer.status_code, "太大" in answer.text) == (413, True)
    assert files(hall) == []
    assert one(hall, Profile).state == ProfileState.LISTED, "nothing was added, so nothing is reviewed"


def test_nobody_else_sees_or_removes_it(hall: Hall) -> None:
    _, phone = listed(hall)
    begun(phone)
    upload(phone, photo(SMALL))
    path = pictures(phone)[0]
    other = hall.browser("木木")
    other.opens(PAGE)
    assert "先做一张资料卡" in other.words
    assert other.get(path).status_code == 404
    begun(other)
    assert "先做一张资料卡" in other.words
    other.opens(FORM)
    assert other.post(f"{path}/remove").status_code == 404
    other.post(f"{FORM}/photo", files={"photo": (io.BytesIO(photo(SMALL)), "x.jpg")})
    assert len(files(hall)) == 1, "who was not asked for a photo gave none"
    assert Browser(hall, phone.phone).get(path).status_code == 302
    assert phone.get(path).status_code == 200
    with Session(hall.account.engine) as db:
        member = db.get_one(Staff, Fair(hall.account).officer)
        with pytest.raises(Refused):  # nor does whoever reviews, before it is handed in
            photos.reviewed(db, member, int(path.rpartition("/")[2]), now=hall.account.clock.now)


def test_the_reviewer_sees_it_on_record_and_the_next_district_nothing(hall: Hall) -> None:
    fair, phone = listed(hall)
    add(phone, photo(SMALL))
    number = pictures(phone)[0].rpartition("/")[2]
    with fair.db() as db:
        away = organisations.add(db, "远方市总工会", organisations.add(db, "远方省总工会"))
        far = staff.add(
            db, "far", name="远", role=Role.REVIEWER, organisation=away, now=hall.account.clock.now
        ).id
    profile = one(hall, Profile).id
    near = reviewer(hall, fair.officer)
    shown = near.get(f"/console/profiles/{profile}", base_url=BASE)
    assert f'src="/console/photos/{number}"' in shown.text
    assert near.get(f"/console/photos/{number}", base_url=BASE).mimetype == "image/jpeg"
    assert reviewer(hall, far).get(f"/console/photos/{number}", base_url=BASE).status_code == 404
    assert Client(hall.account.app).get(f"/console/photos/{number}", base_url=BASE).status_code == 302
    with Session(hall.account.engine) as db:
        assert db.scalars(select(Audit.subject).where(Audit.act == "photo_read")).all() == [
            f"profile:{profile}"
        ]


def test_withdrawing_takes_the_photos_away_at_once_and_the_files_soon(hall: Hall) -> None:
    _, phone = listed(hall)
    add(phone, photo(SMALL))
    path = pictures(phone)[0]
    with Session(hall.account.engine) as db:
        profiles.move(
            db, db.scalars(select(Profile)).one(), ProfileState.WITHDRAWN, now=hall.account.clock.now
        )
        db.commit()
        assert db.scalar(select(func.count()).select_from(Photo)) == 0
    assert phone.get(path).status_code == 404
    phone.opens(PAGE)
    assert "先做一张资料卡" in phone.words
    with Session(hall.account.engine) as db:
        photos.sweep(db, photos.folder(hall.account.config), older_seconds=-5)
    assert files(hall) == []


# In the chat


class Worker:
    """What fetches photos, and how to send one."""

    def __init__(self, hall: Hall) -> None:
        self.hall, account = hall, hall.account
        self.work = Workplace(account.config, account.engine, connect(account.config))

    def sends(self, phone: Browser, data: bytes, *, number: int | None = None) -> str:
        """Send a picture in the chat: what WeChat calls it reaches us, its bytes are to be fetched."""
        wechat = self.hall.wechat
        media = wechat.do(keep_media, wechat.world, "image", data, "image/jpeg", "photo")
        return self.again(phone, media.media_id, number)

    def again(self, phone: Browser, media_id: str, number: int | None) -> str:
        more = {} if number is None else {"MsgId": number}
        chat = self.hall.account.phones.get(phone.phone.openid) or self.hall.chat(phone)
        return chat.sends("image", PicUrl="http://p.example/1", MediaId=media_id, **more)

    def fetches(self) -> None:
        schedule.fetch_photos(self.work, self.hall.account.clock.now)

    def sweeps(self) -> None:
        schedule.sweep_photos(self.work, self.hall.account.clock.now)
        with Session(self.work.engine) as db:
            photos.sweep(db, photos.folder(self.work.config), older_seconds=-5)

    def told(self, phone: Browser) -> list[str]:
        return self.hall.account.notices(self.hall.chat(phone))

    def rows(self) -> list[Photo]:
        with Session(self.work.engine, expire_on_commit=False) as db:
            return list(db.scalars(select(Photo).order_by(Photo.id)))


@pytest.fixture
def worker(hall: Hall) -> Iterator[Worker]:
    one = Worker(hall)
    yield one
    one.work.redis.close()


def test_photos_of_the_chat_are_fetched_once_whatever_dies_and_go_on_with_those_of_the_page(
    hall: Hall, worker: Worker
) -> None:
    _, phone = listed(hall)
    chat = hall.chat(phone)
    chat.dialog(("照片", "最多 6 张"))
    first = worker.sends(phone, photo(turned=6), number=71)
    assert "收到 1 张" in first
    media_id = worker.rows()[0].media_id
    assert media_id
    for _ in range(2):
        assert worker.again(phone, media_id, 71) == first, "the same message three times"
    phone.opens(FORM)
    assert "正从聊天里取来" in phone.words
    wechat = WeChat(worker.work.config, worker.work.redis)
    fetching.fetched(worker.work.config, wechat, 0, media_id, hall.account.clock.now)
    wechat.close()  # killed when the file was written and its row was not
    assert len(files(hall)) == 1
    for _ in range(2):
        worker.fetches()
    assert len(files(hall)) == 2
    assert [(row.width, row.height, row.media_id, row.due_at) for row in worker.rows()] == [
        (960, 1280, None, None)
    ]
    worker.sweeps()
    [kept] = files(hall)
    assert PLACE not in kept
    phone.opens(FORM)
    assert phone.get(pictures(phone)[0]).mimetype == "image/jpeg"
    upload(phone, photo(SMALL))
    assert "收到 2 张" in phone.words
    assert "收到 3 张" in worker.sends(phone, photo(SMALL))
    chat.dialog(("好了", "1 照片：3 张"), ("提交", "3 张都加上了"))
    assert one(hall, Profile).state == ProfileState.IN_REVIEW
    phone.opens(PAGE)
    assert "第 3 张正从聊天里取来" in phone.words
    with Session(worker.work.engine) as db:
        profiles.move(db, db.scalars(select(Profile)).one(), ProfileState.LISTED, now=hall.account.clock.now)
        db.commit()
    worker.fetches()
    assert one(hall, Profile).state == ProfileState.IN_REVIEW, "nobody had looked at the third"
    phone.opens(PAGE)
    assert len(pictures(phone)) == 3
    assert worker.told(phone) == []
    assert media_id not in hall.account.log.getvalue()


def test_what_cannot_be_had_is_told_once_and_what_may_come_is_waited_for(hall: Hall, worker: Worker) -> None:
    _, phone = listed(hall)
    chat = hall.chat(phone)
    chat.says("照片")
    for data in (b"GIF89a", photo((90, 90)), photo(SMALL), bomb(7000), photo(SMALL)):
        worker.sends(phone, data)
    hall.wechat.fault("/cgi-bin/media/get", times=1, errcode=-1)
    worker.fetches()
    worker.fetches()
    assert [row.name is not None for row in worker.rows()] == [False, True, True]  # the first came too early
    told = worker.told(phone)
    assert [words for words in ("太小", "太大") if any(words in said for said in told)] == ["太小", "太大"]
    assert all("«加照片»" in said for said in told)
    hall.account.clock.move(seconds=6)
    worker.fetches()
    worker.fetches()
    assert [said for said in worker.told(phone) if "这张打不开" in said]
    assert "1 照片：2 张" in chat.says("好了"), "what could not be had is not counted"
    chat.dialog(("改 1", "收到 2 张"))
    worker.sends(phone, photo(SMALL))
    hall.wechat.fault("/cgi-bin/media/get", times=3, reset_before=True)
    for hours in (1, 30, 73):
        worker.fetches()
        assert worker.told(phone) == []
        hall.account.clock.move(hours=hours)
        hall.wechat.advance(hours * 3600)
    worker.fetches()
    assert [said for said in worker.told(phone) if "这张没有收到" in said], "WeChat keeps it for three days"


def test_nothing_of_it_stays_after_the_form_its_conversation_or_its_person(
    hall: Hall, worker: Worker
) -> None:
    _, phone = listed(hall)
    chat = hall.chat(phone)
    for end in ("取消", "重来", "修改资料卡"):
        chat.says("取消")
        chat.says("照片")
        worker.sends(phone, photo(SMALL))
        worker.fetches()
        worker.sends(phone, photo(SMALL))
        assert len(worker.rows()) == 2
        chat.says(end)
        worker.fetches()
        assert worker.rows() == [], end
    chat.dialog(("取消", "不填了"), ("照片", "最多 6 张"))
    worker.sends(phone, photo(SMALL))
    worker.fetches()
    passes(hall.account, days=30)
    worker.sweeps()
    assert worker.rows() == []
    assert files(hall) == []
    worker.sends(phone, photo(SMALL))
    assert "收到 1 张" in chat.taps("放进资料卡")
    worker.fetches()
    worker.sends(phone, photo(SMALL))
    chat.dialog(("注销", "会删掉"), ("1", "确认注销"))
    assert worker.rows() == [], "another form was begun"
    chat.dialog(("取消", "不填了"), ("照片", "最多 6 张"))
    worker.sends(phone, photo(SMALL))
    with Session(worker.work.engine) as db:
        erasing.erase(
            db,
            db.scalars(select(Person).where(Person.openid == chat.openid)).one(),
            config=worker.work.config,
            now=hall.account.clock.now,
        )
        db.commit()
    worker.fetches()
    worker.sweeps()
    assert worker.rows() == []
    assert files(hall) == []


def test_however_many_photos_come_at_once_there_are_threads_left_to_answer_others(hall: Hall) -> None:
    _, phone = listed(hall)
    begun(phone)

    def send() -> int:
        return phone.post(f"{FORM}/photo", files={"photo": (io.BytesIO(photo(SMALL)), "x.jpg")}).status_code

    with ThreadPoolExecutor(forms.AT_ONCE) as pool:
        with pictures_at_work._one_at_a_time:  # somebody's large one is being unpacked
            sent = [pool.submit(send) for _ in range(forms.AT_ONCE)]
            until(lambda: not forms._room._value)
            assert send() == 503
        assert [one.result() for one in sent] == [303] * forms.AT_ONCE
    phone.opens(FORM)
    assert f"收到 {forms.AT_ONCE} 张" in phone.words


@pytest.mark.postgres  # SQLite lets nobody else write meanwhile
def test_a_photo_that_gave_way_is_taken_the_next_time_and_once(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.callback.TRIES", 1)  # or it would take three in a row
    _, phone = listed(hall)
    begun(phone)
    person, waits = one(hall, Person).id, text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    engine = hall.account.engine
    with Session(engine) as other, Session(engine) as watch, ThreadPoolExecutor(1) as pool:
        other.execute(text("SET LOCAL deadlock_timeout = '1h'"))  # it is the other one who notices
        other.execute(select(Dialog).where(Dialog.worker_id == person).with_for_update())
        answer = pool.submit(upload, phone, photo(SMALL))
        while not answer.done() and not watch.scalar(waits):
            watch.rollback()
        other.execute(select(Person).where(Person.id == person).with_for_update())
        other.commit()
        assert answer.result().status_code == 200
    assert "收到 1 张" in phone.words
    assert len(files(hall)) >= 1
    assert one(hall, Photo).profile_id is None
