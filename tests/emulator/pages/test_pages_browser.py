"""The page of phones in a real browser, against the real emulator and a tiny bot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from emulator.records import OwnedTemplate
from emulator.testing import Running, start

from .bot import Bot, Opened, bubbles, code_picture, device, png, tap_link, type_words
from .conftest import settings_for

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HOSTILE = """<img src=x onerror="window.cracked=1"><a href="javascript:window.cracked=1">点我</a><b>粗</b>"""
MENU = {
    "menuid": 1,
    "button": [
        {
            "name": "找对象",
            "sub_button": [
                {"type": "click", "name": "相亲墙", "key": "wall"},
                {"type": "view", "name": "活动", "url": "BOT/page"},
                {"type": "scancode_waitmsg", "name": "签到", "key": "checkin"},
            ],
        },
        {"type": "click", "name": "我的", "key": "mine"},
    ],
}


def with_menu(emulator: Running, bot: Bot) -> None:
    menu = json.loads(json.dumps(MENU).replace("BOT", bot.url))
    emulator.do(lambda: setattr(emulator.state, "menu", menu))


def test_follow_talk_tap_and_unfollow(emulator: Running, bot: Bot, open_page: Opened) -> None:
    phone = emulator.phone("阿岳")
    bot.answers["subscribe"] = f"你好。{tap_link('帮助', 'help')}"
    page = open_page()
    shown = device(page, phone)
    shown.get_by_test_id("follow").click()
    expect(bubbles(page, phone, "account").last).to_contain_text("你好。帮助")
    shown.get_by_test_id("tap").click()
    expect(bubbles(page, phone, "worker").last).to_have_text("帮助")
    expect(bubbles(page, phone, "account").last).to_have_text("听到了：帮助")
    type_words(page, phone, "第一行\n第二行 🏠")
    expect(bubbles(page, phone, "account").last).to_contain_text("第二行 🏠")
    expect(shown.locator(".is-waiting")).to_have_count(0)
    assert bot.heard == ["subscribe", "帮助", "第一行\n第二行 🏠"]
    shown.get_by_test_id("more").click()
    shown.get_by_test_id("unfollow").click()
    expect(shown.get_by_test_id("follow")).to_be_visible()


def test_text_of_others_is_never_markup(emulator: Running, bot: Bot, open_page: Opened) -> None:
    phone = emulator.phone("小禾", following=True)
    bot.answers["你好"] = HOSTILE
    page = open_page()
    type_words(page, phone, "你好")
    said = bubbles(page, phone, "account").last
    expect(said).to_contain_text('<img src=x onerror="window.cracked=1">点我<b>粗</b>')
    assert said.locator("img, a, b, button").count() == 0
    type_words(page, phone, HOSTILE)
    expect(bubbles(page, phone, "worker").last).to_contain_text("<b>粗</b>")
    assert page.evaluate("window.cracked") is None


def test_enter_sends_but_not_while_an_input_method_composes(
    emulator: Running, bot: Bot, open_page: Opened
) -> None:
    phone = emulator.phone("小禾", following=True)
    page = open_page()
    field = device(page, phone).get_by_test_id("input")
    field.fill("yuyue")
    composing = "new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true})"
    field.evaluate(f"(el) => el.dispatchEvent({composing})")
    expect(field).to_have_value("yuyue")
    field.fill("预约")
    field.press("Enter")
    expect(field).to_have_value("")
    expect(bubbles(page, phone, "account").last).to_have_text("听到了：预约")
    assert bot.heard == ["预约"]


def test_menu_clicks_pages_and_asked_scans(emulator: Running, bot: Bot, open_page: Opened) -> None:
    with_menu(emulator, bot)
    phone = emulator.phone("阿岳", following=True)
    page = open_page()
    shown = device(page, phone)
    shown.get_by_test_id("menu-1").click()
    expect(bubbles(page, phone, "account").last).to_have_text("听到了：mine")
    shown.get_by_test_id("menu-0").click()
    shown.get_by_test_id("menu-0-0").click()
    expect(bubbles(page, phone, "account").last).to_have_text("听到了：wall")
    shown.get_by_test_id("menu-0").click()
    shown.get_by_test_id("menu-0-1").click()
    inside = shown.get_by_test_id("page-frame").content_frame
    expect(inside.get_by_role("heading")).to_have_text("报名页")
    shown.get_by_test_id("page-close").click()
    expect(shown.get_by_test_id("page-frame")).to_have_count(0)
    shown.get_by_test_id("menu-0").click()
    shown.get_by_test_id("menu-0-2").click()
    shown.get_by_test_id("scan-file").set_input_files(png(code_picture("desk-7")))
    expect(bubbles(page, phone, "account").last).to_have_text("听到了：checkin")


def test_links_and_articles_open_inside_the_phone(emulator: Running, bot: Bot, open_page: Opened) -> None:
    phone = emulator.phone("小禾", following=True)
    bot.answers["链接"] = f'看<a href="{bot.url}/page">这里</a>'
    article = f"<item><Title>相亲会</Title><Description>扫一扫</Description><Url>{bot.url}/page</Url></item>"
    bot.answers["文章"] = (
        f"<MsgType>news</MsgType><ArticleCount>1</ArticleCount><Articles>{article}</Articles>"
    )
    page = open_page()
    shown = device(page, phone)
    type_words(page, phone, "链接")
    shown.get_by_test_id("link").click()
    expect(shown.get_by_test_id("page-frame").content_frame.get_by_role("heading")).to_have_text("报名页")
    page.keyboard.press("Escape")
    expect(shown.get_by_test_id("page-frame")).to_have_count(0)
    type_words(page, phone, "文章")
    shown.get_by_test_id("article").click()
    expect(shown.get_by_test_id("page-frame").content_frame.get_by_role("heading")).to_have_text("报名页")


def test_a_page_asks_for_consent_to_notices(emulator: Running, bot: Bot, open_page: Opened) -> None:
    template = OwnedTemplate(template_id="notice", kind="subscribe", title="活动通知", content="")
    emulator.do(emulator.state.templates.__setitem__, "notice", template)
    phone = emulator.phone("小禾", following=True)
    bot.answers["通知"] = f'<a href="{bot.url}/subscribe">订阅</a>'
    page = open_page()
    shown = device(page, phone)
    type_words(page, phone, "通知")
    shown.get_by_test_id("link").click()
    inside = shown.get_by_test_id("page-frame").content_frame
    inside.get_by_role("button").click()
    shown.get_by_test_id("subscribe-accept").click()
    expect(inside.get_by_role("heading")).to_have_text("accept")
    assert phone.person.fact("credits") == {"notice": 1}


def test_pictures_places_and_voices_are_sent(emulator: Running, bot: Bot, open_page: Opened) -> None:
    phone = emulator.phone("小禾", following=True)
    page = open_page()
    shown = device(page, phone)
    shown.get_by_test_id("plus").click()
    shown.get_by_test_id("album-file").set_input_files(png(code_picture("x")))
    expect(bubbles(page, phone, "account").last).to_have_text("听到了：image")
    shown.get_by_test_id("plus").click()
    shown.get_by_test_id("plus-place").click()
    shown.get_by_role("button", name="市工人文化宫").click()
    expect(bubbles(page, phone, "account").last).to_have_text("听到了：location")
    shown.get_by_test_id("plus").click()
    shown.get_by_test_id("plus-voice").click()
    expect(bubbles(page, phone, "account").last).to_have_text("听到了：voice")
    kinds = [one.get_attribute("data-kind") for one in bubbles(page, phone, "worker").all()]
    assert kinds == ["image", "location", "voice"]


def test_pushes_arrive_live_with_unread_badges(emulator: Running, open_page: Opened) -> None:
    phones = [emulator.phone(name, following=True) for name in ("阿岳", "小禾", "老陈", "苏苏")]
    page = open_page()
    expect(device(page, phones[2])).to_be_visible()
    expect(device(page, phones[3])).to_have_count(0)
    menu = {"head": "选一个", "items": [{"id": "1", "content": "男"}], "tail": "或回数字"}
    fields = [{"name": "时间", "value": "15:40"}]
    for phone in (phones[0], phones[3]):
        emulator.do(emulator.world.put, phone.person, "account", "msgmenu", "", menu)
        emulator.do(emulator.world.put, phone.person, "account", "template", "预约提醒", {"fields": fields})
    expect(bubbles(page, phones[0], "account")).to_have_count(2)
    expect(bubbles(page, phones[0], "account").last).to_contain_text("15:40")
    chip = page.get_by_test_id(f"chip-{phones[3].person.id}")
    expect(chip.locator(".badge")).to_have_text("2")
    chip.click()
    expect(bubbles(page, phones[3], "account")).to_have_count(2)
    expect(chip.locator(".badge")).to_have_count(0)
    device(page, phones[3]).get_by_test_id("tap").click()
    expect(bubbles(page, phones[3], "worker").last).to_have_text("男")
    emulator.do(emulator.world.hub.publish, "typing", {"person": phones[0].person.id, "on": True})
    expect(device(page, phones[0]).get_by_label("对方正在输入")).to_be_visible()


def test_failure_line_and_its_reason(emulator: Running, bot: Bot, open_page: Opened) -> None:
    phone = emulator.phone("小禾", following=True)
    bot.answers["坏"] = "<MsgType>text</MsgType><Content></Content>"
    page = open_page()
    type_words(page, phone, "坏")
    line = bubbles(page, phone, "system").last
    expect(line).to_contain_text("该公众号提供的服务出现故障")
    expect(line).to_have_attribute("data-kind", "failure")


def test_long_chats_show_older_messages_on_demand(emulator: Running, open_page: Opened) -> None:
    phone = emulator.phone("小禾", following=True)

    def talk() -> None:
        for number in range(400):
            emulator.world.put(phone.person, "account", "text", f"第 {number} 条")

    emulator.do(talk)
    page = open_page()
    shown = device(page, phone)
    expect(shown.get_by_text("第 399 条")).to_be_in_viewport()
    older = shown.get_by_test_id("older")
    while older.is_visible():
        count = bubbles(page, phone, "account").count()
        older.click()
        expect(bubbles(page, phone, "account")).not_to_have_count(count)
    expect(bubbles(page, phone, "account")).to_have_count(400)
    expect(shown.get_by_text("第 399 条")).not_to_be_in_viewport()
    emulator.do(emulator.world.put, phone.person, "account", "text", "新的")
    shown.get_by_role("button", name="新消息").click()
    expect(shown.get_by_text("新的", exact=True)).to_be_in_viewport()


def test_people_come_and_go(emulator: Running, open_page: Opened) -> None:
    page = open_page()
    expect(page.get_by_text("一台手机也没有")).to_be_visible()
    page.get_by_test_id("person-add").click()
    expect(page.get_by_test_id("phone-1").get_by_test_id("follow")).to_be_visible()
    page.get_by_test_id("person-add").click()
    expect(page.get_by_test_id("phone-2")).to_be_visible()
    page.get_by_test_id("phone-1").get_by_role("button", name="收起这台手机").click()
    expect(page.get_by_test_id("phone-1")).to_have_count(0)
    page.reload()
    expect(page.get_by_test_id("phone-2")).to_be_visible()
    expect(page.get_by_test_id("phone-1")).to_have_count(0)
    page.keyboard.press("Alt+1")
    expect(page.get_by_test_id("phone-1")).to_be_visible()
    page.get_by_role("button", name="人物").click()
    remove = page.get_by_test_id("person-remove-2")
    remove.click()
    remove.click()
    page.get_by_role("button", name="好了").click()
    expect(page.get_by_test_id("phone-2")).to_have_count(0)
    assert emulator.state.person(2) is None


def test_a_lost_server_is_told_and_found_again(browser: Browser, bot: Bot, tmp_path: Path) -> None:
    with start(settings_for(bot, tmp_path)) as running:
        phone = running.phone("小禾", following=True)
        port = int(running.url.rsplit(":", 1)[1])
        page = browser.new_page()
        page.goto(running.url)
        expect(device(page, phone)).to_be_visible()
    expect(page.get_by_text("重新连接中")).to_be_visible()
    type_words(page, phone, "还在吗")
    expect(page.get_by_role("alert")).to_contain_text("连不上模拟器")
    again = device(page, phone).get_by_role("button", name="没发出去")
    expect(again).to_be_visible()
    with start(settings_for(bot, tmp_path, port)):
        expect(page.get_by_text("重新连接中")).to_be_hidden()
        again.click()
        expect(bubbles(page, phone, "account").last).to_have_text("听到了：还在吗")
    page.close()


def test_one_phone_fills_a_phone_screen(emulator: Running, bot: Bot, open_page: Opened) -> None:
    first, second = emulator.phone("阿岳", following=True), emulator.phone("小禾", following=True)
    page = open_page(width=390, height=844, has_touch=True, is_mobile=True)
    expect(device(page, first)).to_be_visible()
    expect(device(page, second)).to_be_hidden()
    box = device(page, first).bounding_box()
    assert box is not None
    assert box["width"] == 390
    emulator.do(emulator.world.put, second.person, "account", "text", "在吗")
    chip = page.get_by_test_id(f"chip-{second.person.id}")
    expect(chip.locator(".badge")).to_have_text("1")
    chip.tap()
    expect(device(page, first)).to_be_hidden()
    expect(bubbles(page, second, "account").last).to_be_in_viewport()
    expect(chip.locator(".badge")).to_have_count(0)
    type_words(page, second, "在")
    expect(bubbles(page, second, "account").last).to_have_text("听到了：在")
    device(page, second).get_by_test_id("scan").tap()
    device(page, second).get_by_role("button", name="关掉扫一扫").tap()
    expect(device(page, second).get_by_test_id("scan-file")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_a_refused_act_is_told_in_the_words_of_the_server(emulator: Running, open_page: Opened) -> None:
    phone = emulator.phone("小禾", following=True)
    page = open_page()
    expect(device(page, phone).get_by_test_id("input")).to_be_visible()
    page.route("**/say", lambda route: route.fulfill(status=409, body='{"error": "还没有关注公众号"}'))
    type_words(page, phone, "在吗")
    expect(page.get_by_role("alert")).to_have_text("还没有关注公众号")
