"""The staff handbook: its links and pictures are there, each page is in the index, its buttons are on the screens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "handbook"
PAGES = sorted(FOLDER.glob("*.md"))
ELSEWHERE = {"到场"}
"""Pressed in WeChat."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_links_to_and_shows_is_there(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / link).exists(), link


def test_every_page_is_in_the_index_and_every_picture_is_shown_and_small() -> None:
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in PAGES if page.name != "README.md" and f"]({page.name})" not in index] == []
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    pictures = list((ROOT / "docs" / "images" / "handbook").iterdir())
    assert [one.name for one in pictures if f"/{one.name})" not in text or one.stat().st_size > 120_000] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_one_is_told_to_press_stands_on_a_screen(page: Path) -> None:
    screens = "".join(
        one.read_text(encoding="utf-8")
        for folder in ("web/templates/console", "web/console")
        for one in (ROOT / folder).iterdir()
        if one.suffix in (".html", ".py")
    )
    told = re.findall(r"(?:点|打开|选|菜单)“([^”]+)”", page.read_text(encoding="utf-8"))
    unknown = [
        words
        for words in told
        if words not in ELSEWHERE and any(part.strip() not in screens for part in words.split("…"))
    ]
    assert unknown == []
