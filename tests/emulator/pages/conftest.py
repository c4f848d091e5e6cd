"""The real emulator, a tiny bot behind it, and a real browser in front."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, Request, expect, sync_playwright

from emulator.settings import Settings
from emulator.testing import Running, start

from .bot import Bot, Opened, serve_bot

#: Milliseconds until a test gives up on the page; a machine may be busy with other tests.
PATIENCE = 20_000


@pytest.fixture
def bot() -> Iterator[Bot]:
    """A bot of the test's own: what another test's phones still say must not be heard here."""
    with serve_bot() as bot:
        yield bot


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browser(playwright: Playwright, chromium: str) -> Iterator[Browser]:
    with playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"]) as browser:
        yield browser


@pytest.fixture
def emulator(bot: Bot, tmp_path: Path) -> Iterator[Running]:
    with start(settings_for(bot, tmp_path)) as running:
        yield running


def settings_for(bot: Bot, folder: Path, port: int = 0) -> Settings:
    sheets = folder / "sheets"
    sheets.mkdir(exist_ok=True)
    return Settings(
        port=port,
        mode="plain",
        callback_url=bot.url + "/wechat",
        sheets_dir=str(sheets),
        state_file=str(folder / "state.json"),
        reply_timeout=2.0,
    )


@pytest.fixture
def open_page(browser: Browser, emulator: Running) -> Iterator[Opened]:
    """Opens a page of the emulator; at the end nothing broke, and nothing came from another host."""
    contexts, problems = [], []

    def opened(path: str = "/", width: int = 1366, height: int = 900, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: problems.append(f"script: {error}"))
        page.on(
            "console", lambda line: problems.append(line.text) if "Content Security" in line.text else None
        )
        page.on("request", outside)
        page.goto(emulator.url + path)
        return page

    def outside(sent: Request) -> None:
        # The pages that phones open are of other hosts: these, and only these, are navigations.
        if not sent.is_navigation_request() and not sent.url.startswith((emulator.url, "data:", "blob:")):
            problems.append(f"loaded from outside: {sent.url}")

    yield opened
    for context in contexts:
        context.close()
    assert problems == []
