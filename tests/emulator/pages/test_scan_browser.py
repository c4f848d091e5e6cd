"""扫一扫 in a browser: a picture file, the camera, a code on the sheet beside; all truly decoded."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Playwright, expect

from emulator.testing import Running

from .bot import Bot, Opened, bubbles, code_for, code_image, code_picture, device, png

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_scan_a_picture_file(emulator: Running, bot: Bot, open_page: Opened) -> None:
    phone = emulator.phone("阿岳")
    code = code_for(emulator, "card-17")
    bot.answers["qrscene_card-17"] = "你扫的是 A-17"
    page = open_page()
    shown = device(page, phone)
    shown.get_by_test_id("scan").click()
    blank = io.BytesIO()
    Image.new("RGB", (300, 300), "white").save(blank, "PNG")
    for content in (blank.getvalue(), code_picture(code)):
        shown.get_by_test_id("scan-file").set_input_files(png(content))
        if content == blank.getvalue():
            expect(shown.get_by_text("没认出二维码")).to_be_visible()
    expect(bubbles(page, phone, "account").last).to_have_text("你扫的是 A-17")


def test_scan_a_code_on_the_sheet_beside(
    emulator: Running, bot: Bot, open_page: Opened, tmp_path: Path
) -> None:
    codes = [code_for(emulator, f"card-{number}") for number in range(6)]
    sheet = Image.new("RGB", (1240, 1754), "white")
    for number, content in enumerate(codes):
        sheet.paste(code_image(content, 260), (80 + number % 2 * 560, 80 + number // 2 * 500))
    sheet.save(tmp_path / "sheets" / "1号墙.png")
    bot.answers["qrscene_card-3"] = "第四张卡片"
    bot.answers["card-4"] = "第五张卡片"
    first, second = emulator.phone("阿岳", following=True), emulator.phone("小禾")
    page = open_page()
    expect(page.get_by_test_id("sheet-code")).to_have_count(6)
    device(page, second).get_by_role("heading", name="娘家").first.click()
    page.locator(f'[data-testid=sheet-code][data-content="{codes[3]}"]').click()
    expect(bubbles(page, second, "account").last).to_have_text("第四张卡片")
    device(page, first).get_by_role("heading", name="娘家").first.click()
    page.locator(f'[data-testid=sheet-code][data-content="{codes[4]}"]').press("Enter")
    expect(bubbles(page, first, "account").last).to_have_text("第五张卡片")
    assert bot.heard == ["qrscene_card-3", "card-4"]


def test_scan_with_the_camera(
    emulator: Running, bot: Bot, playwright: Playwright, chromium: str, tmp_path: Path
) -> None:
    phone = emulator.phone("阿岳")
    bot.answers["qrscene_card-5"] = "镜头里的卡片"
    view = Image.new("RGB", (640, 480), "#c9c2b8")
    code = code_image(code_for(emulator, "card-5"), 300)
    view.paste(code.rotate(4, fillcolor="white"), (170, 90))
    view.save(tmp_path / "seen.mjpeg", "JPEG")
    fakes = ("device-for-media-stream", "ui-for-media-stream")
    args = ["--no-sandbox", *(f"--use-fake-{fake}" for fake in fakes)]
    args.append(f"--use-file-for-fake-video-capture={tmp_path / 'seen.mjpeg'}")
    with playwright.chromium.launch(executable_path=chromium, args=args) as browser:
        page = browser.new_page()
        page.goto(emulator.url)
        shown = device(page, phone)
        shown.get_by_test_id("scan").click()
        shown.get_by_role("button", name="用相机").click()
        expect(bubbles(page, phone, "account").last).to_have_text("镜头里的卡片")
        expect(shown.locator("video")).to_have_count(0)
