"""./niangjia menu: nothing the platform would refuse is pushed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from click.testing import CliRunner

from bot import menu
from commands import menu as menu_command
from core.config import Config, MenuButton
from emulator.testing import Running
from tests.wechat import environment, pointed_at, run

KEYS = {"find", "help"}


def top(*children: dict[str, Any], **more: Any) -> MenuButton:
    return MenuButton.model_validate({"name": "牵手", "children": children, **more})


GOOD = (
    top({"name": "找对象", "key": "find"}, {"name": "网站", "url": "https://union.example/"}),
    MenuButton(name="帮助", key="help"),
)


def test_a_good_menu_has_no_problems() -> None:
    assert menu.problems(GOOD, KEYS) == []


@pytest.mark.parametrize(
    ("buttons", "complaint"),
    [
        ((), "0 top buttons"),
        ((GOOD[1],) * 4, "4 top buttons"),
        ((top(*[{"name": "找", "key": "find"}] * 6),), "6 children"),
        ((MenuButton(name="幸福牵手吧呀", key="help"),), "18 bytes"),
        ((MenuButton(name=" ", key="help"),), "0 bytes"),
        ((top({"name": "字" * 21, "key": "find"}),), "63 bytes"),
        ((MenuButton(name="长", key="k" * 129),), "more than 128 bytes"),
        ((MenuButton(name="长", url="https://union.example/" + "x" * 1024),), "more than 1024 bytes"),
        ((MenuButton(name="哪里", url="javascript:alert(1)"),), "needs http"),
        ((MenuButton(name="空"),), "either a key or a url"),
        ((MenuButton(name="两个", key="help", url="https://union.example/"),), "either a key or a url"),
        ((top({"name": "找", "key": "find"}, key="help"),), "no key or url"),
        ((top({"name": "深", "children": [{"name": "更深", "key": "find"}]}),), "only top buttons"),
        ((MenuButton(name="没人", key="nobody"),), "nothing answers the key 'nobody'"),
    ],
)
def test_each_limit_is_named(buttons: tuple[MenuButton, ...], complaint: str) -> None:
    assert any(complaint in problem for problem in menu.problems(buttons, KEYS))


@pytest.fixture
def emulator(config: Config) -> Iterator[Running]:
    with run(config) as running:
        yield running


@pytest.fixture
def niangjia(config: Config, emulator: Running, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name, value in environment(pointed_at(config, emulator.url)).items():
        if name.startswith("NIANGJIA_"):
            monkeypatch.setenv(name, value)

    def call(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(menu_command.command, words)
        return result.exit_code, result.output

    yield call
    structlog.reset_defaults()


def test_the_menu_in_the_settings_can_be_pushed_and_is_then_shown(niangjia: Any, emulator: Running) -> None:
    assert niangjia("show") == (0, "the platform has no menu\n")
    assert niangjia("check")[0] == 0
    assert niangjia("push")[0] == 0
    code, shown = niangjia("show")
    assert code == 0
    assert "幸福牵手" in shown
    assert "[click find]" in shown
    assert re.search(r"网页办理  \[view http://[^/]+/m/\]", shown)
    assert "the same as in the settings" in shown
    emulator.do(lambda: emulator.state.menu["button"].pop())  # type: ignore[index]
    assert "NOT the one in the settings" in niangjia("show")[1]


def test_a_bad_menu_is_not_pushed(niangjia: Any, emulator: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIANGJIA_WECHAT__MENU", '[{"name": "没人", "key": "nobody"}]')
    code, said = niangjia("push")
    assert code == 1
    assert "nothing answers the key 'nobody'" in said
    assert emulator.calls("/cgi-bin/menu/create") == []


def test_what_the_platform_refuses_is_one_line(niangjia: Any, emulator: Running) -> None:
    emulator.fault("/cgi-bin/menu/create", errcode=48001)
    code, said = niangjia("push")
    assert code == 1
    assert "WeChat: menu/create: 48001 api unauthorized" in said
    assert "Traceback" not in said
