"""The first meeting, as somebody sees it who has just cloned this: run, scan the printed wall, meet at a table."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    expect,
    sync_playwright,
)

from core.config import ROOT
from tests.processes import alive, family, free_port

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

PATIENCE = 30_000
"""Milliseconds until the test gives up on the page; a machine may be busy with other tests."""

ASKER, OWNER = "阿岳", "小禾"
PROFILE = (
    # what is asked, what the asker does: «a tap» or words
    ("你的性别", "«1 男»"),
    ("哪一年出生", "九零年"),
    ("身高", "1米76"),
    ("学历", "«4 本科»"),
    ("做什么工作", "机械工程师"),
    ("在哪个区上班", "西湖区"),
    ("老家", "我老家是嘉兴的"),
    ("一句话", "喜欢修老自行车"),
    ("怎么称呼", "阿岳"),
    ("婚姻状况", "«1 未婚»"),
    ("哪些年出生的", "«都可以»"),
    ("哪种联系方式", "«1 微信号»"),
    ("你的微信号", "demo_ayue"),
    ("我现在单身", "«1 同意»"),
    ("看一眼，对吗", "改8 喜欢修老自行车，也会做饭"),
    ("“喜欢修老自行车，也会做饭”", "«提交»"),
)


@dataclass(frozen=True)
class Running:
    """What `./niangjia run` started, and what it printed."""

    folder: Path
    environment: dict[str, str]
    phones: str
    wall: Path

    def command(self, *words: str) -> str:
        """Another ./niangjia command at the same data, as in a second terminal."""
        done = subprocess.run(
            [sys.executable, "-m", "commands", *words],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@contextmanager
def everything(folder: Path) -> Iterator[Running]:
    """Start all of it, go on when it says that it runs, press Ctrl-C at the end: nothing is left."""
    port, emulator = free_port(), free_port()
    command = [sys.executable, "-m", "commands", "run", "--data-dir", str(folder)]
    command += ["--port", str(port), "--emulator-port", str(emulator)]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    said: list[str] = []
    pids = []
    try:
        for line in process.stdout:
            said.append(line)
            if line.startswith("Ctrl-C"):
                break
        else:
            pytest.fail("".join(said))
        pids = family(process.pid)
        words = "".join(said)
        address, wall = re.search(r"Phones +(\S+)", words), re.search(r"Wall to scan +(\S+)", words)
        assert address, words
        assert wall, words
        base = address[1].rstrip("/")
        assert base == f"http://127.0.0.1:{emulator}"
        told = re.search(r"Other shells +export (.+)", words)
        assert told, words
        environment = os.environ | dict(one.split("=", 1) for one in shlex.split(told[1]))
        yield Running(folder, environment, address[1], Path(wall[1]))
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert process.stdout.read() == "Stopped.\n"
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(60)
        process.stdout.close()
    deadline = time.monotonic() + 20
    while alive(pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert alive(pids) == []


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with everything(tmp_path_factory.mktemp("run") / "var") as running:
        yield running


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Desk:
    """The page of phones, and everything about it that should not have happened."""

    page: Page
    problems: list[str] = field(default_factory=list)

    def phone(self, name: str) -> Locator:
        return self.page.get_by_role("article", name=f"{name} 的手机")

    def heard(self, name: str) -> Locator:
        """What the account said to a phone."""
        return self.phone(name).locator("[data-testid=bubble][data-side=account]")

    def says(self, name: str, words: str) -> None:
        phone = self.phone(name)
        expect(phone).to_have_attribute(
            "aria-busy", "false"
        )  # until then the menu may take the keyboard's place
        if (keyboard := phone.get_by_test_id("keyboard")).is_visible():
            keyboard.click()
        phone.get_by_test_id("input").fill(words)
        phone.get_by_test_id("send").click()

    def taps(self, name: str, words: str) -> None:
        """A link in the newest message that has it."""
        self.phone(name).get_by_test_id("tap").and_(
            self.page.get_by_role("button", name=words, exact=True)
        ).last.click()

    def scans(self, name: str, sheet: str, content: str = "") -> None:
        """Hold a phone against a code on a sheet beside; the picture is cut out of the sheet and decoded."""
        self.phone(name).get_by_test_id("scan").click()
        self.phone(name).get_by_test_id("scan-sheets").click()
        self.page.get_by_label("哪一份墙纸").select_option(label=sheet)
        where = (
            f'[data-testid=sheet-code][data-content="{content}"]' if content else "[data-testid=sheet-code]"
        )
        self.page.locator(where).click()


@pytest.fixture
def desk(running: Running, browser: Browser) -> Iterator[Desk]:
    context = browser.new_context(viewport={"width": 1366, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    desk = Desk(page)
    watch(page, running.phones, desk.problems.append)
    page.goto(running.phones)
    yield desk
    context.close()
    assert desk.problems == []


def watch(page: Page, home: str, tell: Callable[[str], None]) -> None:
    """Tell of errors in scripts, of what the page refused to load, and of anything from another host."""

    def console(line: ConsoleMessage) -> None:
        if line.type == "error":
            tell(line.text)

    def request(sent: Request) -> None:
        if not sent.url.startswith((home, "data:", "blob:")):
            tell(f"loaded from outside: {sent.url}")

    page.on("pageerror", lambda error: tell(f"script: {error}"))
    page.on("console", console)
    page.on("request", request)


def code_beside(page: Page, pdf: Path, name: str) -> str:
    """What the code on the card with this name says, found by where the name stands on the printed sheet."""
    with pypdfium2.PdfDocument(pdf) as document:
        sheet = document[0]
        width, height = sheet.get_size()
        text = sheet.get_textpage()
        found = text.search(name).get_next()
        assert found, f"{name} does not hang on the first sheet"
        left, _, _, top = text.get_charbox(found[0])
    across, down = left / width, 1 - top / height
    expect(page.get_by_test_id("sheet-code").first).to_be_visible()
    # at once: the sheet is drawn anew whenever another one arrives
    codes: list[list[Any]] = page.evaluate(
        """() => {
            const sheet = document.querySelector(".sheet-page img").getBoundingClientRect();
            return [...document.querySelectorAll(".sheet-code")].map((spot) => {
                const box = spot.getBoundingClientRect();
                const middle = box.y + box.height / 2;
                return [(box.x - sheet.x) / sheet.width, (middle - sheet.y) / sheet.height, spot.dataset.content];
            });
        }"""
    )

    def apart(code: list[Any]) -> float:
        """How far a code is to the right of the name and below or above it, in parts of the sheet."""
        x, y = code[0] - across, code[1] - down
        return abs(x) + abs(y) if x > 0 else 9.0

    return str(min(codes, key=apart)[2])


def test_scan_the_wall_and_meet_at_a_table(running: Running, desk: Desk) -> None:
    page = desk.page
    expect(desk.phone(ASKER).get_by_test_id("follow")).to_be_visible()

    # The wall: a phone that does not follow yet scans a printed card.
    expect(page.get_by_label("哪一份墙纸")).to_have_value(running.wall.name)
    card = code_beside(page, running.wall, OWNER)
    desk.scans(ASKER, "1号墙", card)
    expect(desk.heard(ASKER)).to_contain_text([re.compile("欢迎来到.*1号墙 A-01.*小禾 · 女.*护士", re.S)])
    assert desk.phone(ASKER).get_by_test_id("tap").all_inner_texts() == [
        "想认识TA",
        "收藏",
        "不合适",
        "举报",
        "拉黑",
    ]

    # The profile, by taps and words.
    desk.taps(ASKER, "想认识TA")
    expect(desk.heard(ASKER).last).to_contain_text("先让别人认识你")
    desk.taps(ASKER, "现在做")
    for asked, answer in PROFILE:
        expect(desk.heard(ASKER).last).to_contain_text(asked)
        if answer.startswith("«"):
            desk.taps(ASKER, answer.strip("«»"))
        else:
            desk.says(ASKER, answer)
    expect(desk.heard(ASKER).last).to_contain_text(
        "收到，工作人员一般两小时内审核。通过后会自动把你的心意带给小禾"
    )

    # At the door, then the review.
    desk.scans(ASKER, "签到码")
    expect(desk.heard(ASKER).last).to_contain_text("签到好了")
    waiting = running.command("staff", "waiting", "--as", "lin")
    number = re.search(rf"^(\d+) .* {ASKER} ", waiting, re.M)
    assert number, waiting
    assert f"{number[1]}：通过，" in running.command("staff", "approve", number[1], "--as", "lin")
    expect(desk.heard(ASKER).last).to_contain_text("你的资料卡通过了，编号")
    expect(desk.heard(ASKER).last).to_contain_text("已经问过小禾了")

    # The other phone: a push with the asker's card, a yes, a table.
    push = desk.heard(OWNER).last
    expect(push).to_contain_text("有人想认识你：")
    expect(push).to_contain_text("阿岳 · 男 · 90年 · 机械工程师 · 176cm · 嘉兴人")
    expect(push).to_contain_text("“喜欢修老自行车，也会做饭”")
    desk.taps(OWNER, "愿意见见")
    expect(desk.heard(OWNER).last).to_contain_text("你们俩都在现场")
    expect(desk.heard(OWNER).last).to_contain_text("TA的微信号：demo_ayue")
    expect(desk.heard(ASKER).last).to_contain_text("小禾愿意见见你")
    expect(desk.heard(ASKER).last).to_contain_text("TA的微信号：demo_xiaohe")
    tables = [
        re.findall(r"(\d\d:\d\d)，(\d+)号桌", desk.heard(name).last.inner_text()) for name in (ASKER, OWNER)
    ]
    assert len(tables[0]) == 1
    assert tables[0] == tables[1]

    expect(page.locator("[data-kind=failure], .is-failure, .is-waiting")).to_have_count(0)
    the_wire_is_all_good(desk, running)


def the_wire_is_all_good(desk: Desk, running: Running) -> None:
    desk.page.goto(running.phones + "wire")
    rows = desk.page.get_by_test_id("wire-row")
    expect(rows.filter(has_text="event · subscribe").first).to_be_visible()
    assert rows.count() > 30
    bad = desk.page.locator("[data-testid=wire-row]:not(:has(.verdict-good))")
    assert bad.all_inner_texts() == []


SIGN_UP = (
    # what is asked, what is done: «the start of a tap» or words
    ("报哪一个？", "«1 仓库保管员"),
    ("考哪一场？", "«2 "),
    ("你的姓名？", "李小样"),
    ("身份证号？", "330199 19900307 0018"),
    ("手机号？", "138 0013 8000"),
    ("在哪个单位上班？", "临湖仪表厂"),
    ("最后一项", "«1 同意"),
    ("看一眼，对吗？", "«提交"),
)
BOOKING = (
    ("想约哪一项？", "«1 心理咨询"),
    ("想找哪位？", "«1 都可以"),
    ("哪一天？", "«2 "),
    ("几点方便？", "«1 "),
    ("想聊哪方面？", "孩子出生以后总是睡不着"),
    ("确认一下", "«提交"),
)


def fills_in(desk: Desk, name: str, turns: tuple[tuple[str, str], ...]) -> None:
    """Answer one question after another."""
    for asked, answer in turns:
        expect(desk.heard(name).last).to_contain_text(asked)
        if answer.startswith("«"):
            starts = re.compile(f"^{re.escape(answer[1:])}")
            desk.phone(name).get_by_test_id("tap").filter(has_text=starts).last.click()
        else:
            desk.says(name, answer)


@pytest.mark.slow
def test_three_phones_book_sign_up_and_hear_from_the_union(running: Running, desk: Desk) -> None:
    books, signs_up, hears = OWNER, "小满", ASKER
    expect(desk.phone(hears)).to_have_attribute("aria-busy", "false")
    if (follow := desk.phone(hears).get_by_test_id("follow")).is_visible():
        follow.click()
        expect(follow).to_have_count(0)
    desk.says(hears, "帮助")
    expect(desk.heard(hears).last).to_contain_text("预约")

    desk.says(books, "预约")
    fills_in(desk, books, BOOKING)
    expect(desk.heard(books).last).to_contain_text("约好了，编号")
    desk.says(books, "我的预约")
    expect(desk.heard(books).last).to_contain_text("心理咨询")

    desk.says(signs_up, "考试")
    fills_in(desk, signs_up, SIGN_UP)
    expect(desk.heard(signs_up).last).to_contain_text("报好了，报名号")
    desk.says(signs_up, "我的报名")
    expect(desk.heard(signs_up).last).to_contain_text("有名额，记得来考")

    words = "周六下午体育馆有亲子运动会，带上水壶。"
    made = running.command(
        "broadcast", "new", "--text", words, "--topic", "activity", "--way", "both", "--as", "lin"
    )
    number = re.search(r"群发 (\d+)", made)
    assert number, made
    running.command("broadcast", "preview", number[1], "--as", "lin")
    running.command("broadcast", "approve", number[1], "--as", "he")
    running.command("broadcast", "send", number[1], "--as", "lin")
    for name in (books, signs_up, hears):
        expect(desk.heard(name).filter(has_text=words)).to_have_count(1)
    assert "完成" in running.command("broadcast", "status", number[1], "--as", "lin")
