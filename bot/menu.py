"""The menu at the bottom of the chat: from settings to what the platform takes, checked before it is pushed.

The limits are those of the platform's page 自定义菜单.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from core.config import Config, MenuButton

TOP, CHILDREN = 3, 5
TOP_NAME, CHILD_NAME = 16, 60
KEY, URL = 128, 1024


def of(config: Config) -> tuple[MenuButton, ...]:
    """The menu of the settings, its pages as whole addresses."""
    return tuple(_addressed(button, config.web.base_url.rstrip("/")) for button in config.wechat.menu)


def _addressed(button: MenuButton, base: str) -> MenuButton:
    changes: dict[str, Any] = {"children": tuple(_addressed(child, base) for child in button.children)}
    if button.page:
        changes |= {"url": f"{base}{button.page}", "page": ""}
    return button.model_copy(update=changes)


def build(buttons: Sequence[MenuButton]) -> dict[str, Any]:
    """The body of menu/create."""
    return {"button": [_button(button) for button in buttons]}


def _button(button: MenuButton) -> dict[str, Any]:
    if button.children:
        return {"name": button.name, "sub_button": [_button(child) for child in button.children]}
    if button.url:
        return {"type": "view", "name": button.name, "url": button.url}
    return {"type": "click", "name": button.name, "key": button.key}


def problems(buttons: Sequence[MenuButton], keys: Collection[str]) -> list[str]:
    """Everything the platform would refuse, and keys that no handler (`keys`) answers; one line each."""
    found = (
        []
        if 1 <= len(buttons) <= TOP
        else [f"the menu has {len(buttons)} top buttons: 1 to {TOP} are possible"]
    )
    for top in buttons:
        found += _problems(top, TOP_NAME, keys)
        if len(top.children) > CHILDREN:
            found.append(f"{top.name}: has {len(top.children)} children: at most {CHILDREN} are possible")
        if top.children and (top.key or top.url):
            found.append(f"{top.name}: has children, so it can have no key or url")
        for child in top.children:
            found += _problems(child, CHILD_NAME, keys, f"{top.name} > ")
            if child.children:
                found.append(f"{top.name} > {child.name}: only top buttons can have children")
    return found


def _problems(button: MenuButton, name_bytes: int, keys: Collection[str], where: str = "") -> Iterator[str]:
    name = f"{where}{button.name or '(no name)'}"
    size = len(button.name.strip().encode())
    if not 1 <= size <= name_bytes:
        yield f"{name}: the name has {size} bytes: 1 to {name_bytes} are possible (a Chinese character has 3)"
    if button.children:
        return
    if bool(button.key) == bool(button.url):
        yield f"{name}: needs either a key or a url"
    if button.key and len(button.key.encode()) > KEY:
        yield f"{name}: the key has more than {KEY} bytes"
    if button.key and button.key not in keys:
        yield f"{name}: nothing answers the key {button.key!r}"
    if button.url and len(button.url.encode()) > URL:
        yield f"{name}: the url has more than {URL} bytes"
    if button.url and not _is_web(button.url):
        yield f"{name}: the url needs http:// or https:// and a host"


def _is_web(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def is_same(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:
    """Whether the platform's menu is ours; it adds empty lists and ids."""
    return _core(ours["button"]) == _core(theirs.get("button", []))


def _core(buttons: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    return [
        (
            button.get("name"),
            button.get("type"),
            button.get("key"),
            button.get("url"),
            _core(button.get("sub_button") or []),
        )
        for button in buttons
    ]


def lines(menu: Mapping[str, Any]) -> Iterator[str]:
    """A menu for reading, one button a line."""
    for top in menu.get("button", []):
        yield _line(top)
        for child in top.get("sub_button") or []:
            yield f"  {_line(child)}"


def _line(button: Mapping[str, Any]) -> str:
    what = button.get("key") or button.get("url") or button.get("media_id") or button.get("article_id") or ""
    return (
        f"{button.get('name', '')}  [{button['type']} {what}]"
        if button.get("type")
        else str(button.get("name", ""))
    )
