"""A reviewer's first morning in a real browser: invited, in, three profiles by keyboard, one answer, out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from pypdf import PdfReader
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.config import Config
from models.matchmaking import ProfileState
from models.messages import Notice
from models.people import Organisation
from rules import logins
from rules.access import Role
from tests.web.console.office import Office, profile_of
from tests.web.console.served import served

pytestmark = pytest.mark.browser
PASSWORD = "竹林里的三只白鹭-4242"


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    expect.set_options(timeout=20_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


def invited(office: Office) -> str:
    """The token of an invitation to the north as a reviewer."""
    with Session(office.account.engine) as db:
        _, token = logins.invite(
            db,
            None,
            login="lan",
            name="兰老师",
            role=Role.REVIEWER,
            organisation=db.get_one(Organisation, office.ids["north"]),
            limits=office.account.config.console,
            now=office.account.clock.now,
        )
        db.commit()
    return token


def watched(page: Page) -> list[str]:
    """What the page complains about: errors, refused scripts and styles, requests to anywhere else."""
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if said.type in ("error", "warning") else None)
    page.on("request", lambda asked: None if "127.0.0.1" in asked.url else problems.append(asked.url))
    return problems


@pytest.mark.slow
def test_a_reviewer_comes_in_reviews_three_by_keyboard_and_answers_one(
    config: Config, browser: Browser
) -> None:
    with served(config) as (office, base):
        page = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN").new_page()
        problems = watched(page)
        page.goto(f"{base}/console/invitation/{invited(office)}")
        expect(page.get_by_role("heading", name="兰老师，欢迎")).to_be_visible()
        page.get_by_label("密码", exact=True).fill(PASSWORD)
        page.get_by_label("再写一遍").fill(PASSWORD)
        page.keyboard.press("Enter")

        expect(page.get_by_role("img", name="验证器用的二维码")).to_be_visible()
        page.get_by_text("扫不了，手工输入").click()
        totp = pyotp.TOTP(page.locator(".link").inner_text().replace(" ", ""))
        page.get_by_label("六位验证码").fill(totp.at(office.account.clock.now))
        page.keyboard.press("Enter")
        expect(page.locator(".codes li")).to_have_count(10)
        page.get_by_role("link", name="记好了，进后台").click()
        page.get_by_role("button", name="退出").click()

        office.account.clock.move(minutes=1)
        page.get_by_label("登录名").fill("lan")
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_label("验证码").fill(totp.at(office.account.clock.now))
        page.keyboard.press("Enter")

        expect(page.locator("[data-count]").first).to_have_text("3")
        page.get_by_role("link", name="资料卡审核").click()
        expect(page.get_by_role("heading", name="资料卡审核")).to_be_visible()
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        expect(page.get_by_text("第 1 / 3 份")).to_be_visible()
        page.keyboard.press("?")
        expect(page.get_by_text("写退回的原因，")).to_be_visible()
        page.keyboard.press("a")
        expect(page.get_by_text("北0 的资料卡通过了。")).to_be_visible()
        page.keyboard.press("j")
        expect(page.get_by_text("第 2 / 2 份")).to_be_visible()
        page.keyboard.press("k")
        expect(page.get_by_text("第 1 / 2 份")).to_be_visible()
        page.keyboard.press("r")
        page.keyboard.type("a 昵称换一个吧")
        expect(page.get_by_text("还可以写 92 个字")).to_be_visible()
        page.keyboard.press("Control+Enter")
        expect(page.get_by_text("北1 的资料卡退回了")).to_be_visible()
        page.keyboard.press("a")
        expect(page.get_by_text("都审完了").first).to_be_visible()
        states = [profile_of(office, f"north{number}").state for number in range(3)]
        assert states == [ProfileState.LISTED, ProfileState.REFUSED, ProfileState.LISTED]

        page.get_by_role("link", name="对话").click()
        expect(page.get_by_role("heading", name="等回复的对话")).to_be_visible()
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.get_by_label("回复", exact=True).fill("您好，周一上午来就行。\n带上身份证。")
        page.keyboard.press("Control+Enter")
        expect(page.get_by_text("回复发出去了。")).to_be_visible()
        with Session(office.account.engine) as db:
            said = db.scalars(select(Notice).where(Notice.kind == "staff_answer")).one()
        assert said.facts == {"who": "兰老师", "words": "您好，周一上午来就行。\n带上身份证。"}

        page.get_by_role("button", name="退出").click()
        expect(page.get_by_role("button", name="登录")).to_be_visible()
        page.go_back()
        page.reload()
        expect(page.get_by_role("button", name="登录")).to_be_visible()
        assert problems == []


def test_a_wall_is_laid_out_by_keyboard_and_by_dragging_and_printed(config: Config, browser: Browser) -> None:
    with served(config) as (office, base):
        with office.town() as town:
            wall = town.wall(1, "90后")
            for number in range(3):
                card = town.listed(wall, nickname=f"禾{number}")
                card.url = f"http://weixin.qq.com/q/{card.id}"
                card.url_expires_at = town.now + timedelta(days=25)
            number = wall.id
        context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
        cookie = office.seat("boss").web.get_cookie("nj_console", "console.test", "/console")
        assert cookie
        context.add_cookies([{"name": "nj_console", "value": cookie.value, "url": f"{base}/console/"}])
        page = context.new_page()
        problems = watched(page)
        page.goto(f"{base}/console/walls/{number}")
        places = [page.locator(f"[data-place=A-0{place}]").bounding_box() for place in (1, 2)]
        assert places[0]
        assert places[1]
        assert places[0]["y"] == places[1]["y"], "cards hang side by side, as on the wall"
        page.keyboard.press("m")
        page.keyboard.type("A-01")
        page.keyboard.press("Tab")
        page.keyboard.type("A-05")
        page.keyboard.press("Enter")
        expect(page.get_by_text("禾0 挂到 A-05 了")).to_be_visible()
        page.drag_and_drop("[data-place=A-02]", "[data-place=A-03]")
        expect(page.get_by_text("禾1 挂到 A-03 了")).to_be_visible()
        for _ in range(2):  # what comes is a file, and the page goes on
            with page.expect_download() as coming:
                page.get_by_role("radio", name="整面墙").check()
                page.get_by_role("button", name="下载 PDF").click()
            text = "".join(one.extract_text() for one in PdfReader(coming.value.path()).pages)
            assert all(name in text for name in ("禾0", "禾1", "禾2"))
        page.get_by_label("选中 A-05 禾0").check()
        expect(page.get_by_text("勾选的 1 个")).to_be_visible()
        page.get_by_role("button", name="换新卡").click()
        page.get_by_label("换卡的原因").fill("纸弄湿了")
        page.keyboard.press("Enter")
        expect(page.get_by_text("换了 1 张新卡")).to_be_visible()
        assert problems == []


@pytest.mark.slow
@pytest.mark.parametrize("size", [(1366, 768), (820, 1180), (390, 844)])
def test_no_page_is_wider_than_its_screen(config: Config, browser: Browser, size: tuple[int, int]) -> None:
    with served(config) as (office, base):
        context = browser.new_context(viewport={"width": size[0], "height": size[1]})
        cookie = office.seat("boss").web.get_cookie("nj_console", "console.test", "/console")
        assert cookie
        context.add_cookies([{"name": "nj_console", "value": cookie.value, "url": f"{base}/console/"}])
        page = context.new_page()
        problems = watched(page)
        ids = office.ids
        with office.town() as town:
            card = town.listed(town.wall(1, "90后"), nickname="二十个字那么长的昵称也放得下才行对不对啊")
            town.listed(town.wall(12, "优质单身"))
            wall = (card.wall.event_id, card.wall_id, card.id)
        paths = [
            "",
            "profiles",
            f"profiles/{ids['north0']}",
            "conversations",
            "workers",
            "workers/1",
            "organisations",
        ]
        paths += ["workers/export", "fairs", f"fairs/{wall[0]}", f"walls/{wall[1]}", f"cards/{wall[2]}"]
        paths += [
            f"walls/{wall[1]}/add",
            "imports",
            "imports/holidays",
            "days",
            f"organisations/{ids['north']}",
        ]
        paths += [f"conversations/{ids['north_talk']}", "staff", "staff/invite", "staff/2", "mine"]
        for path in paths:
            answer = page.goto(f"{base}/console/{path}")
            assert answer
            assert answer.ok, path
            wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert wide <= 0, (path, wide)
            assert not re.search("placeholder-", page.content())
        assert problems == []
