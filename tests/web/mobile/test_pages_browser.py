"""A phone opens a page from the chat, in a real browser: a form begun in words is completed by tapping."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.jssdk import signature
from core.config import Config
from emulator.testing import Phone
from models.matchmaking import Profile
from tests.chat.fair import Fair
from tests.core.test_pictures import photo
from tests.web.mobile.hall import Hall
from tests.web.mobile.served import served
from tests.web.mobile.test_forms import ANSWERS, with_clinic

pytestmark = pytest.mark.browser
SIZES = [(360, 740), (390, 844)]
PROFILE = re.compile("^资料卡")


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    expect.set_options(timeout=20_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


def watched(page: Page) -> list[str]:
    """What a page complains about: errors, what its policy refused, requests to anywhere else."""
    problems: list[str] = []

    def request(sent: Request) -> None:
        if not sent.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            problems.append(sent.url)

    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    page.on("request", request)
    return problems


def held(browser: Browser, hall: Hall, phone: Phone, size: tuple[int, int]) -> Page:
    """WeChat's browser on this phone alone."""
    width, height = size
    context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN", has_touch=True)
    context.add_cookies([{"name": "emulator_person", "value": str(phone.person.id), "url": hall.wechat.url}])
    page = context.new_page()
    page.set_default_timeout(20_000)
    return page


def fits(page: Page) -> None:
    """Nothing is wider than the screen, nothing to tap is lower than a finger, no text is too small to read."""
    page.wait_for_load_state()
    found = page.evaluate(
        """() => {
            const seen = [...document.querySelectorAll("body *")].filter((one) => one.offsetParent !== null);
            const low = seen.filter((one) => one.matches("a, button, input:not([type=hidden]), textarea, summary"))
                .filter((one) => one.getBoundingClientRect().height < 44).map((one) => one.outerHTML);
            const small = seen.filter((one) => parseFloat(getComputedStyle(one).fontSize) < 15)
                .map((one) => one.outerHTML);
            return [document.documentElement.scrollWidth - window.innerWidth, low, small];
        }"""
    )
    assert found == [0, [], []], page.url


def test_a_form_begun_in_the_chat_is_completed_on_the_page_the_chat_offers(
    config: Config, browser: Browser
) -> None:
    with served(config) as (hall, base):
        Fair(hall.account)
        phone = hall.wechat.phone("阿岳", following=True)
        page = browser.new_context(viewport={"width": 1366, "height": 900}, locale="zh-CN").new_page()
        page.set_default_timeout(20_000)
        problems = watched(page)
        page.goto(hall.wechat.url)
        shown = page.get_by_test_id(f"phone-{phone.person.id}")
        heard = shown.locator("[data-testid=bubble][data-side=account]")
        for said, answered in (("修改资料卡", "你的性别"), ("男", "哪一年出生")):
            shown.get_by_test_id("input").fill(said)
            shown.get_by_test_id("send").click()
            expect(heard.last).to_contain_text(answered)
        heard.first.get_by_text("在网页里填").click()
        inside = shown.get_by_test_id("page-frame").content_frame
        for asked, how, said in ANSWERS[1:]:
            expect(inside.get_by_role("heading")).to_contain_text(asked)
            if how == "say":
                inside.locator(f"button[value='{said}']").click()
            else:
                inside.locator("[name=answer]").fill(said)
                inside.get_by_role("button", name="下一步").click()
        expect(inside.get_by_role("heading", name="看一眼，对吗？")).to_be_visible()
        inside.get_by_role("button", name="提交").click()
        expect(inside.get_by_text("工作人员一般两小时内审核")).to_be_visible()
        inside.get_by_role("button", name="回到聊天").click()
        expect(shown.get_by_test_id("page-frame")).to_have_count(0)
        shown.get_by_test_id("input").fill("我的资料卡")
        shown.get_by_test_id("send").click()
        expect(heard.last).to_contain_text("阿岳")
        assert problems == []
        with Session(hall.account.engine) as db:
            assert db.scalars(select(Profile.nickname)).all() == ["阿岳"]
        assert base in hall.account.config.web.base_url


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
def test_every_kind_of_page_fits_a_phone(config: Config, browser: Browser, size: tuple[int, int]) -> None:
    with served(config) as (hall, base):
        with_clinic(hall)
        page = held(browser, hall, hall.wechat.phone("阿岳", following=True), size)
        problems = watched(page)
        page.goto(f"{base}/m/")
        fits(page)
        page.get_by_role("link", name=PROFILE).click()
        fits(page)
        page.get_by_role("button", name="开始填").click()
        for asked, how, said in ANSWERS:
            expect(page.get_by_role("heading")).to_contain_text(asked)
            fits(page)
            if how == "say":
                page.locator(f"button[value='{said}']").click()
                continue
            page.locator("[name=answer]").fill("？？")
            page.get_by_role("button", name="下一步").click()
            expect(page.get_by_role("alert")).to_be_visible()
            fits(page)
            page.locator("[name=answer]").fill(said)
            page.get_by_role("button", name="下一步").click()
        expect(page.get_by_role("heading", name="看一眼，对吗？")).to_be_visible()
        fits(page)
        page.get_by_role("button", name="提交").click()
        expect(page.get_by_text("工作人员一般两小时内审核")).to_be_visible()
        page.goto(f"{base}/m/photos")
        page.get_by_role("link", name="加照片").click()
        page.get_by_role("button", name="开始填").click()
        page.get_by_label("拍一张").set_input_files(
            {"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": photo(turned=6)}
        )
        page.get_by_role("button", name="加上这一张").click()
        taken = page.get_by_role("img", name="第 1 张")
        expect(taken).to_have_js_property("naturalWidth", 960)  # upright, and small
        fits(page)
        page.get_by_role("button", name="好了").click()
        page.get_by_role("button", name="提交").click()
        expect(page.get_by_text("1 张都加上了")).to_be_visible()
        page.goto(f"{base}/m/photos")
        expect(taken).to_be_visible()
        fits(page)
        page.goto(f"{base}/m/forms/profile")
        page.get_by_role("button", name="开始填").click()
        page.goto(f"{base}/m/forms/booking")
        expect(page.get_by_text("没填完")).to_be_visible()
        fits(page)
        page.get_by_role("button", name="不要那份").click()
        page.get_by_role("button", name="心理咨询").click()
        page.get_by_role("button", name="都可以").click()
        expect(page.get_by_label("自己写")).to_be_visible()
        fits(page)
        page.get_by_label("自己写").fill("昨天")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_be_visible()
        fits(page)
        assert problems == []


@pytest.mark.slow
def test_the_sdk_starts_where_its_script_is_and_nothing_is_missing_where_not(
    config: Config, browser: Browser
) -> None:
    with served(config) as (hall, base):
        phone = hall.wechat.phone("阿岳", following=True)
        page = held(browser, hall, phone, SIZES[0])
        problems = watched(page)
        page.goto(f"{base}/m/")
        expect(page.get_by_role("link", name=PROFILE)).to_be_visible()
        expect(page.get_by_role("button", name="扫一扫")).to_be_hidden()
        page.add_init_script(
            "window.wx = {ready: (then) => { window.then = then; },"
            " config: (given) => { window.given = given; window.then(); }, scanQRCode: () => { window.scanned = 1; }}"
        )
        page.goto(f"{base}/m/?from=menu#top")
        page.get_by_role("button", name="扫一扫").click()
        assert page.evaluate("window.scanned") == 1
        given = page.evaluate("window.given")
        ticket = hall.account.app.extensions["mobile"].client.page_ticket()
        expected = signature(
            ticket, nonce=given["nonceStr"], timestamp=given["timestamp"], url=f"{base}/m/?from=menu"
        )
        assert given["signature"] == expected
        assert problems == []
