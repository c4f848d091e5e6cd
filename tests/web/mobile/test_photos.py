"""Photos of one's profile: added on the phone, seen by whoever reviews it, by nobody else."""

from __future__ import annotations

import io
import re
from typing import Any

from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import Client, TestResponse

from models.audit import Audit
from models.matchmaking import Profile, ProfileState
from models.people import Staff
from models.photos import Photo
from rules import logins, organisations, staff
from rules.access import Role
from rules.logins import Way, Where
from rules.matchmaking import photos, profiles
from tests.chat.fair import Fair
from tests.core.test_pictures import PLACE, bomb, photo
from tests.web.mobile.hall import BASE, Browser, Hall

PAGE = "/m/photos"


def upload(phone: Browser, data: bytes) -> TestResponse:
    return phone.sends("/photos", files={"photo": (io.BytesIO(data), "../IMG_1.jpg")})


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
    assert "重新审核" in phone.words
    upload(phone, photo(turned=6))
    assert "加好了" in phone.words
    [kept] = files(hall)
    assert not kept.startswith(b"\xff\xd8")
    assert PLACE not in kept
    shown = phone.get(pictures(phone)[0])
    assert (shown.mimetype, shown.headers["Cache-Control"]) == ("image/jpeg", "no-store")
    assert Image.open(io.BytesIO(shown.data)).size == (960, 1280)
    assert one(hall, Profile).state == ProfileState.IN_REVIEW
    assert one(hall, Profile).submitted_at == hall.account.clock.now, (
        "what a reviewer has open is not the newest"
    )


def test_six_and_no_more_and_removed_at_once(hall: Hall) -> None:
    _, phone = listed(hall)
    for _ in range(6):
        upload(phone, photo((30, 40)))
    assert len(pictures(phone)) == 6
    assert 'type="file"' not in phone.page
    answer = phone.post(PAGE, files={"photo": (io.BytesIO(photo((30, 40))), "7.jpg")})
    assert (answer.status_code, "已经有 6 张了" in answer.text) == (409, True)
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
    for data, words in (
        (b"", "还没选照片"),
        (b"GIF89a", "这张打不开"),
        (b"<script>alert(1)</script>", "这张打不开"),
        (bomb(7000), "这张太大了"),
        (b"\0" * (10 * 1024 * 1024 + 5), "这张太大了"),
    ):
        upload(phone, data)
        assert words in phone.words, words
    answer = phone.post(PAGE, files={"photo": (io.BytesIO(b"\0" * 11_000_000), "x.jpg")})
    assert (answer.status_code, "太大" in answer.text) == (413, True)
    assert files(hall) == []
    assert one(hall, Profile).state == ProfileState.LISTED, "nothing was added, so nothing is reviewed"


def test_nobody_else_sees_or_removes_it(hall: Hall) -> None:
    _, phone = listed(hall)
    upload(phone, photo((30, 40)))
    path = pictures(phone)[0]
    other = hall.browser("木木")
    other.opens(PAGE)
    assert "先做一张资料卡" in other.words
    assert other.get(path).status_code == 404
    other.opens("/m/forms/profile")
    assert other.post(f"{path}/remove").status_code == 404
    assert Browser(hall, phone.phone).get(path).status_code == 302
    other.opens("/m/forms/profile")
    assert other.post(PAGE, files={"photo": (io.BytesIO(photo((30, 40))), "x.jpg")}).status_code == 409
    assert phone.get(path).status_code == 200


def test_the_reviewer_sees_it_on_record_and_the_next_district_nothing(hall: Hall) -> None:
    fair, phone = listed(hall)
    upload(phone, photo((30, 40)))
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
    upload(phone, photo((30, 40)))
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
