"""Two districts on one morning: both come in by scanning; one reviews and prints, the other sees none of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.config import Config
from core.redis import connect
from emulator.testing import Phone, Running
from models.events import Event
from models.matchmaking import ProfileState
from models.people import Staff
from qr.scenes import CardScene, new_token, unpack
from rules.matchmaking import walls
from tasks import codes
from tests.web.console.office import Office, profile_of
from tests.web.console.served import served_with_phones
from tests.web.console.test_console_browser import watched

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
PATIENCE = 30_000


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


def opened(browser: Browser) -> Page:
    """A browser of its own, at a desk."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    return page


def invite(page: Page, base: str, login: str, name: str, union: str) -> str:
    """An administrator invites a reviewer; the link, as shown this once."""
    page.goto(f"{base}/console/staff")
    page.get_by_role("link", name="邀请同事").click()
    page.get_by_label("姓名").fill(name)
    page.get_by_label("登录名").fill(login)
    page.get_by_label("角色").select_option("审核")
    page.get_by_label("单位").select_option(value=union)
    page.get_by_role("button", name="发邀请").click()
    expect(page.get_by_role("heading", name=f"{name} 的邀请链接")).to_be_visible()
    return page.locator(".link").inner_text()


def scans(office: Office, phone: Phone, page: Page, picture: str, tap: str) -> str:
    """Hold the phone against the code on the screen, then tap in the chat; what the phone asked before."""
    code = page.get_by_role("img", name=picture)
    expect(code).to_be_visible()
    expect(code).to_have_js_property("complete", value=True)
    phone.running.advance(2)  # two events of one second may be one
    phone.scan_picture(code.screenshot())
    chat = office.account.phone(phone.openid)
    asked = chat.reads(phone.heard[-1].text)
    link = next(link for link in chat.links if link.label == tap)
    phone.tap(link.id, link.says)
    return asked


def comes_in(office: Office, page: Page, link: str, phone: Phone, name: str) -> None:
    """The invitation is accepted with the phone, and the phone opens the door."""
    page.goto(link)
    expect(page.get_by_role("heading", name=f"{name}，欢迎")).to_be_visible()
    page.get_by_role("button", name="用微信接受邀请").click()
    assert name in scans(office, phone, page, "绑定微信的二维码", "确认绑定")
    asked = scans(office, phone, page, "登录用的二维码", "确认登录")
    assert "网络地址 127.0.0.1" in asked
    assert "Chrome · Linux" in asked
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def fair_of_the_north(office: Office) -> set[str]:
    """The north's own fair, with one wall of three cards that have no codes yet; what the codes will say."""
    with office.town() as town:
        fair = Event(
            organisation_id=town.north.id,
            kind="fair",
            title="城北相亲会",
            place="城北体育馆",
            starts_at=town.now,
            ends_at=town.now + timedelta(days=2),
            tables=4,
            token=new_token(),
        )
        town.db.add(fair)
        town.db.flush()
        wall = walls.lay_out(town.db, fair, 1, "90后")
        cards = [town.listed(wall, nickname=f"墙上{number}") for number in range(3)]
        office.ids |= {"fair": fair.id, "wall": wall.id, "card": cards[0].id}
        return {card.token for card in cards}


def codes_on(pdf: Path) -> list[str]:
    with pypdfium2.PdfDocument(pdf) as document:
        pages = [page.render(scale=150 / 72).to_pil() for page in document]
    return [code.text for page in pages for code in zxingcpp.read_barcodes(page)]


def scene_of(wechat: Running, url: str) -> object:
    return unpack(wechat.state.ticket_by_code[url.rsplit("/", 1)[-1]].scene)


def test_a_district_comes_in_by_phone_reviews_and_prints_and_the_next_one_sees_none_of_it(
    config: Config, browser: Browser
) -> None:
    with served_with_phones(config) as (office, base, wechat):
        tokens, ids = fair_of_the_north(office), office.ids
        boss, lan, mei = opened(browser), opened(browser), opened(browser)
        problems = [watched(page) for page in (boss, lan, mei)]
        cookie = office.seat("boss").web.get_cookie("nj_console", "console.test", "/console")
        assert cookie
        boss.context.add_cookies([{"name": "nj_console", "value": cookie.value, "url": f"{base}/console/"}])
        for page, login, name, union in ((lan, "lan", "兰老师", "north"), (mei, "mei", "梅老师", "south")):
            link = invite(boss, base, login, name, str(ids[union]))
            comes_in(office, page, link, wechat.phone(name, following=True), name)
        with Session(office.account.engine) as db:
            bound = db.scalars(select(Staff.worker_id).where(Staff.login.in_(["lan", "mei"]))).all()
        assert None not in bound
        assert len(set(bound)) == 2

        # three profiles by keyboard
        expect(lan.locator("[data-count]").first).to_have_text("3")
        lan.get_by_role("link", name="资料卡审核").click()
        expect(lan.get_by_role("heading", name="资料卡审核")).to_be_visible()
        lan.keyboard.press("j")
        lan.keyboard.press("Enter")
        for number in range(3):
            expect(lan.get_by_text(f"第 1 / {3 - number} 份")).to_be_visible()
            lan.keyboard.press("a")
            expect(lan.get_by_text(f"北{number} 的资料卡通过了。")).to_be_visible()
        states = {profile_of(office, f"north{number}").state for number in range(3)}
        assert states == {ProfileState.LISTED}

        # the wall, with codes that WeChat makes
        lan.goto(f"{base}/console/walls/{ids['wall']}")
        lan.get_by_role("button", name="做二维码").click()
        expect(lan.get_by_text("正在向微信要")).to_be_visible()
        with connect(office.account.config) as redis:
            assert codes.make_wanted(
                office.account.config, office.account.engine, redis, office.account.clock.now
            )
        with lan.expect_download() as coming:
            lan.get_by_role("button", name="下载 PDF").click()
        found = codes_on(Path(coming.value.path()))
        assert {scene_of(wechat, url) for url in found} == {CardScene(token) for token in tokens}
        assert len(found) == 3

        # the same minutes, the next district
        mei.reload()
        expect(mei.locator("[data-count]").first).to_have_text("1")
        for path in ("", "profiles", "conversations", "workers", "fairs", "organisations", "dashboard"):
            answer = mei.goto(f"{base}/console/{path}")
            assert answer
            assert answer.ok, path
            shown = mei.content()
            assert not any(word in shown for word in ("北0", "北1", "北2", "墙上", "城北")), path
        closed = (
            *(f"profiles/{ids[f'north{number}']}" for number in range(3)),
            *(f"photos/{ids['north_photo']}", f"conversations/{ids['north_talk']}"),
            *(f"workers/{ids['north_worker']}", f"organisations/{ids['north']}"),
            *(f"fairs/{ids['fair']}", f"walls/{ids['wall']}", f"walls/{ids['wall']}/add"),
            *(f"walls/{ids['wall']}/codes.json", f"cards/{ids['card']}"),
        )
        for path in closed:
            assert mei.request.get(f"{base}/console/{path}").status == 404, path
        mei.goto(f"{base}/console/")
        for path in (f"walls/{ids['wall']}/print", f"cards/{ids['card']}/print"):
            for page, status in ((mei, 404), (lan, 200)):
                token = page.locator("input[name=csrf_token]").first.input_value()
                form: dict[str, str | float | bool] = {"csrf_token": token, "what": "all", "kind": "sheet"}
                assert page.request.post(f"{base}/console/{path}", form=form).status == status, path
        assert problems == [[], [], []]
