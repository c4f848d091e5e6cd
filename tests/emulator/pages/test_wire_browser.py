"""The page of the wire in a browser: what was sent and answered, filters, and the switches for faults."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from emulator.testing import Running

from .bot import Bot, Opened

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_the_wire_shows_calls_filters_and_pauses(emulator: Running, bot: Bot, open_page: Opened) -> None:
    first, second = emulator.phone("阿岳", following=True), emulator.phone("小禾", following=True)
    bot.answers["坏"] = "<MsgType>text</MsgType><Content></Content>"
    first.say("早上好")
    page = open_page("/wire")
    rows = page.get_by_test_id("wire-row")
    expect(rows.first).to_contain_text("text")
    expect(rows.first).to_contain_text("阿岳")
    expect(rows.first).to_contain_text("有回复")
    rows.first.click()
    detail = page.get_by_role("region", name="内容")
    expect(detail).to_contain_text("<Content>早上好</Content>")
    expect(detail).to_contain_text("听到了：早上好")
    second.say("坏")
    expect(rows.first).to_contain_text("回复有错")
    page.get_by_label("只看有问题的").check()
    expect(rows).to_have_count(1)
    page.get_by_label("只看有问题的").uncheck()
    page.get_by_label("谁的").select_option(label="阿岳")
    expect(rows).to_have_count(1)
    page.get_by_label("谁的").select_option(label="所有人")
    page.get_by_role("button", name="暂停").click()
    before = rows.count()
    first.say("暂停时说的")
    expect(page.get_by_role("button", name="继续（1）")).to_be_visible()
    expect(rows).to_have_count(before)
    page.get_by_role("button", name="继续").click()
    expect(rows).to_have_count(before + 1)
    page.get_by_role("button", name="清空").click()
    expect(rows).to_have_count(0)
    expect(page.get_by_text("还没有往来")).to_be_visible()


def test_faults_and_the_clock_are_set_by_switches(emulator: Running, bot: Bot, open_page: Opened) -> None:
    phone = emulator.phone("阿岳", following=True)
    page = open_page("/wire")
    page.get_by_role("button", name="下一次同时多送两遍").click()
    expect(page.get_by_text("正在起作用")).to_be_visible()
    phone.say("三遍")
    assert bot.heard == ["三遍"] * 3
    page.get_by_role("button", name="推送一直说次数用完").click()
    page.get_by_test_id("faults-clear").click()
    expect(page.get_by_text("正在起作用")).to_have_count(0)
    assert emulator.world.faults.rows == []
    page.get_by_role("button", name="往后 2 天").click()
    expect(page.get_by_text("时间拨好了")).to_be_visible()
    assert round(emulator.world.clock.offset) == 2 * 86400
