"""Who opens a page: WeChat's OAuth page and back, and everything that somebody might try there."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from models.people import Worker
from tests.web.mobile.hall import BASE, Browser, Hall
from web.mobile.gate import WECHAT, csp

OAUTH = "/sns/oauth2/access_token"


def cookie(phone: Browser) -> str:
    found = phone.web.get_cookie("nj_m", "pages.test", "/m")
    return found.value if found else ""


def state_of(location: str) -> str:
    return parse_qs(urlsplit(location).query)["state"][0]


def test_a_page_opens_with_nothing_to_tap_and_no_openid_anywhere(hall: Hall, phone: Browser) -> None:
    first = phone.get("/m/?from=menu")
    location = first.headers["Location"]
    assert location.startswith(f"{hall.wechat.url}/connect/oauth2/authorize?appid=")
    query = parse_qs(urlsplit(location).query)
    assert [*query] == ["appid", "redirect_uri", "response_type", "scope", "state"]
    assert query["redirect_uri"] == [f"{BASE}/m/oauth"]
    assert query["scope"] == ["snsapi_base"]
    assert re.fullmatch("[0-9a-f]{32}", query["state"][0])
    assert location.endswith("#wechat_redirect")
    back = phone.get(phone.authorized(location))
    assert back.headers["Location"] == "/m/?from=menu"
    for part in ("HttpOnly", "SameSite=Lax", "Path=/m"):
        assert part in back.headers["Set-Cookie"]
    assert phone.get("/m/").status_code == 200
    worker = hall.worker(phone)
    assert worker
    assert worker.is_following
    openid = phone.phone.openid
    for said in (location, str(back.headers), phone.page, cookie(phone), hall.account.log.getvalue()):
        assert openid not in said


def test_who_does_not_follow_is_known_and_not_written_to(hall: Hall) -> None:
    stranger = hall.browser("路人", following=False)
    assert stranger.opens("/m/").status_code == 200
    worker = hall.worker(stranger)
    assert worker
    assert (worker.is_following, worker.followed_at) == (False, None)
    hall.chat(stranger).follows()
    stranger.opens("/m/")
    found = hall.worker(stranger)
    assert found
    assert (found.id, found.is_following) == (worker.id, True)


def test_a_login_lasts_two_hours(hall: Hall, phone: Browser) -> None:
    phone.opens("/m/")
    before = cookie(phone)
    hall.account.clock.move(minutes=119)
    assert phone.get("/m/").status_code == 200
    hall.account.clock.move(minutes=2)
    assert phone.get("/m/").status_code == 302
    assert phone.opens("/m/").status_code == 200
    assert cookie(phone) != before


def test_two_phones_in_one_browser_are_two_people(hall: Hall, phone: Browser) -> None:
    phone.opens("/m/forms/profile")
    phone.sends("/begin")
    phone.opens("/m/")
    assert "没填完" in phone.words
    other = Browser(hall, hall.wechat.phone("小禾", following=True))
    other.web = phone.web  # the page of phones frames both
    framed = {"Sec-Fetch-Site": "same-site"}
    location = other.get("/m/", headers=framed).headers["Location"]
    assert other.get(other.authorized(location), headers=framed).headers["Location"] == "/m/"
    assert other.get("/m/", headers=framed).status_code == 200
    assert "没填完" not in other.words
    assert other.get("/m/", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200


def test_a_state_is_one_browsers_own_once_and_soon(hall: Hall, phone: Browser) -> None:
    other = hall.browser("小禾")
    theirs = phone.authorized(phone.get("/m/").headers["Location"])
    other.get("/m/")
    answer = other.get(theirs)
    assert (answer.status_code, "这个链接用过了" in answer.text) == (400, True)
    assert other.get("/m/").status_code == 302, "nobody is logged in as somebody else"
    for bad in ("", "?code=x", "?state=x&code=y", "?state=%C3%A9&code=y", "?code=x&state=" + "a" * 32):
        assert other.get(f"/m/oauth{bad}").status_code == 400
    hall.account.clock.move(minutes=11)
    assert phone.get(theirs).status_code == 400, "too late"
    again = phone.authorized(phone.get("/m/").headers["Location"])
    assert phone.get(again).status_code == 302
    calls = len(hall.wechat.calls(OAUTH))
    assert phone.get(again).headers["Location"] == "/m/", "back in the history: on to the first page"
    assert len(hall.wechat.calls(OAUTH)) == calls


def test_several_pages_can_be_on_the_way_at_once(phone: Browser) -> None:
    first, second = (phone.authorized(phone.get(f"/m/?n={n}").headers["Location"]) for n in (1, 2))
    assert phone.get(second).headers["Location"] == "/m/?n=2"
    assert phone.get(first).headers["Location"] == "/m/?n=1"


def test_a_code_that_was_used_is_told_kindly(hall: Hall, phone: Browser) -> None:
    used = phone.authorized(phone.get("/m/").headers["Location"])
    assert phone.get(used).status_code == 302
    thief = hall.browser("小禾")
    state = state_of(thief.get("/m/").headers["Location"])
    code = parse_qs(urlsplit(used).query)["code"][0]
    answer = thief.get(f"/m/oauth?code={code}&state={state}")
    assert (answer.status_code, "这个链接用过了" in answer.text) == (400, True)
    assert thief.get("/m/").status_code == 302


def test_a_planted_cookie_does_not_survive_the_login(hall: Hall, phone: Browser) -> None:
    attacker = hall.browser("坏人")
    attacker.get("/m/")
    planted = cookie(attacker)
    assert planted
    phone.web.set_cookie("nj_m", planted, domain="pages.test", path="/m")
    assert phone.opens("/m/").status_code == 200
    assert cookie(phone) != planted
    assert attacker.get("/m/").status_code == 302, "what was planted opens nothing"
    token = re.search(r'name="csrf_token" value="([^"]+)"', phone.page)
    assert token is None or token[1] not in planted


def test_whoever_is_erased_is_out_at_once_and_nobody_inherits_the_login(hall: Hall, phone: Browser) -> None:
    phone.opens("/m/")
    worker = hall.worker(phone)
    assert worker
    with Session(hall.account.engine) as db:
        db.execute(delete(Worker).where(Worker.id == worker.id))
        db.add(Worker(id=worker.id, openid="oSOMEBODYELSE", created_at=hall.account.clock.now))
        db.commit()
    assert phone.get("/m/").status_code == 302


@pytest.mark.parametrize(
    "path",
    ["/m/?next=https://evil.example/", "/m/\\evil", "/m//evil.example", "/m/%0d%0aX:y", "/m/oauth?code=1",
     "/m/" + "x" * 400],
)  # fmt: skip
def test_a_login_leads_nowhere_else(hall: Hall, phone: Browser, path: str) -> None:
    answer = phone.get(path)
    if answer.status_code == 302 and answer.headers["Location"].startswith(hall.wechat.url):
        location = phone.get(phone.authorized(answer.headers["Location"])).headers["Location"]
        assert urlsplit(location).netloc == ""
        assert location.startswith(("/m/", "/m?"))
        assert "//" not in location


def test_when_the_platform_is_down_the_page_says_so_and_tries_again(hall: Hall, phone: Browser) -> None:
    hall.wechat.fault(OAUTH, errcode=-1, times=1)
    answer = phone.opens("/m/?n=1")
    assert (answer.status_code, "微信这会儿没有回应" in answer.text) == (503, True)
    assert 'href="/m/?n=1"' in answer.text
    assert phone.opens("/m/?n=1").status_code == 200
    hall.wechat.fault(OAUTH, reset_before=True)
    other = hall.browser("小禾")
    assert other.opens("/m/").status_code == 503


def test_who_only_looks_is_asked_to_open_the_whole_page(hall: Hall) -> None:
    looker = hall.browser("看看")
    hall.wechat.do(lambda: looker.phone.person.rest().update(looks_only=True))
    answer = looker.opens("/m/")
    assert "使用完整服务" in answer.text
    assert hall.worker(looker) is None
    assert looker.get("/m/").status_code == 302


def test_only_the_emulator_may_frame_a_page(hall: Hall, phone: Browser) -> None:
    answer = phone.opens("/m/")
    assert f"frame-ancestors {hall.wechat.url}" in answer.headers["Content-Security-Policy"]
    real = hall.account.config.model_copy(
        update={"wechat": hall.account.config.wechat.model_copy(update={"open_base": f"{WECHAT}/"})}
    )
    assert csp(real).endswith("frame-ancestors 'none'")


def test_another_host_is_told_the_right_address_and_nothing_else(phone: Browser) -> None:
    for host in ("http://evil.example", f"{BASE}.evil.example"):
        answer = phone.get("/m/", base=host)
        assert answer.status_code == 400
        assert f"{BASE}/m/" in answer.text
        assert "evil" not in answer.text


def test_a_cookie_of_the_console_says_nothing_here(phone: Browser) -> None:
    phone.opens("/m/")
    mine = cookie(phone)
    phone.web.set_cookie("nj_form", mine, domain="pages.test", path="/console")
    login = phone.web.get("/console/login", base_url=BASE)
    assert login.status_code == 200
    assert quote(mine[:10]) not in login.text
    theirs = phone.web.get_cookie("nj_form", "pages.test", "/console")
    assert theirs
    phone.web.set_cookie("nj_m", theirs.value, domain="pages.test", path="/m")
    assert phone.get("/m/").status_code == 302
