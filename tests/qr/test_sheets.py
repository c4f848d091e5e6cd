from __future__ import annotations

import dataclasses
import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pypdf
import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from qr.fonts import FontsMissing, load
from qr.sheets import Printed, PrintedCard, card_posters, content_hash, wall_sheet
from tests.qr.camera import photograph

AT = datetime(2026, 11, 22, 13, 40, tzinfo=UTC)  # 21:40 in the hall
NAMES = ["小禾", "阿岳", "㛃䶮", "𬭎𬀩", "𫖯生", "Lucy·林", "晚风", "爱吃糖的小星星", "青禾", "豆豆"]
TRADES = ["护士", "机械工程师", "小学语文教师", "新能源电池研发工程师"]
LINES = [
    "周末多半在爬山，想找个愿意慢慢聊的人。",
    "性格开朗，会做红烧肉，养了一只叫“豆包”的猫；希望遇到真诚的人，一起好好过日子",
    "会一点Python和C++……半马1小时52分！",
    "",
]


def some_cards(count: int) -> list[PrintedCard]:
    return [
        PrintedCard(
            nickname=NAMES[n % len(NAMES)],
            age=24 + n % 30,
            sex="m" if n % 3 else "f",
            trade=TRADES[n % len(TRADES)],
            line=LINES[n % len(LINES)],
            wall=3,
            position=f"{'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[n // 20 % 26]}-{n % 20 + 1:02d}",
            code_url=f"http://weixin.qq.com/q/02zz9kQ1nvpX1AAAA{n:05d}",
            section="90后",
            serial=f"{n + 1:04d}" if n % 2 else "",
        )
        for n in range(count)
    ]


def sheets(cards: list[PrintedCard], font_dir: Path, **more: Any) -> tuple[bytes, Printed]:
    out = io.BytesIO()
    printed = wall_sheet(
        cards,
        out,
        wall_title="3号墙 · 90后",
        event_title="幸福牵手相亲会",
        printed_at=AT,
        font_dir=font_dir,
        **more,
    )
    return out.getvalue(), printed


def posters(cards: list[PrintedCard], font_dir: Path) -> tuple[bytes, Printed]:
    out = io.BytesIO()
    return_value = card_posters(cards, out, event_title="幸福牵手相亲会", printed_at=AT, font_dir=font_dir)
    return out.getvalue(), return_value


def pages(pdf: bytes, dpi: int = 150) -> list[Image.Image]:
    return [page.render(scale=dpi / 72).to_pil() for page in pypdfium2.PdfDocument(pdf)]


def texts(pdf: bytes) -> list[str]:
    return [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(pdf)]


def bare(text: str) -> str:
    return re.sub(r"\s", "", text)


def codes(image: Image.Image) -> set[str]:
    return {found.text for found in zxingcpp.read_barcodes(image.convert("L"))}


def test_every_code_of_every_sheet_decodes(font_dir: Path) -> None:
    cards = some_cards(19)
    pdf, printed = sheets(cards, font_dir)
    assert printed == Printed(3, {})
    found = [codes(page) for page in pages(pdf, 110)]
    assert found == [{card.code_url for card in cards[at : at + 8]} for at in (0, 8, 16)]


@pytest.mark.parametrize(
    "shot",
    [
        {"turn": 40},
        {"turn": -40, "roll": 8},
        {"tip": 35, "turn": 20},
        {"tip": -40, "roll": -12, "blur": 1.4},
        {"turn": 25, "tip": 25, "roll": 30},
    ],
    ids=str,
)
def test_every_code_decodes_when_photographed_at_an_angle(font_dir: Path, shot: dict[str, Any]) -> None:
    cards = some_cards(8)
    (page,) = pages(sheets(cards, font_dir)[0])
    assert codes(photograph(page, **shot)) == {card.code_url for card in cards}


def test_a_poster_decodes_from_across_the_hall(font_dir: Path) -> None:
    (card,) = some_cards(1)
    (page,) = pages(posters([card], font_dir)[0], 50)
    assert codes(photograph(page, turn=35, tip=10, blur=0.7)) == {card.code_url}


@pytest.mark.parametrize("most", [0.034, 0.08], ids=["sheet", "poster"])
def test_codes_are_at_least_thirty_millimetres(font_dir: Path, most: float) -> None:
    cards = some_cards(8)
    pdf = (sheets(cards, font_dir) if most < 0.05 else posters(cards, font_dir))[0]
    for found in zxingcpp.read_barcodes(pages(pdf, 254)[0].convert("L")):
        corners = found.position
        assert (corners.top_right.x - corners.top_left.x) / 10 >= 30
        assert (corners.bottom_left.y - corners.top_left.y) / 10 >= 30


def test_names_can_be_copied_and_searched_also_rare_ones(font_dir: Path) -> None:
    cards = some_cards(10)
    for pdf in (sheets(cards, font_dir)[0], posters(cards, font_dir)[0]):
        by_pdfium = bare("".join(texts(pdf)))
        by_pypdf = bare("".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages))
        for name in NAMES:
            assert name in by_pdfium
            assert name in by_pypdf


def test_E1_a_sheet_says_nothing_but_what_a_card_may_say(font_dir: Path) -> None:
    cards = some_cards(10)
    pdf, _ = sheets(cards, font_dir, codes_until=AT + timedelta(days=30))
    for number, text in enumerate(texts(pdf)):
        on_page = cards[number * 8 : number * 8 + 8]
        left = bare(text)
        allowed = ["3号墙·90后", "幸福牵手相亲会", f"第{number + 1}页，共2页", "打印于2026-11-2221:40"]
        allowed += [f"·版本{content_hash(on_page)}", "二维码可用到12月22日·沿十字线裁开"]
        for card in on_page:
            allowed += [card.nickname, bare(card.trade), card.position, f"{card.age}岁", card.serial]
            allowed += [f"“{bare(card.line)}”" if card.line else "", "90后·3号墙", "微信扫一扫，认识TA"]
            allowed += ["男" if card.sex == "m" else "女"]
        for part in sorted(filter(None, allowed), key=len, reverse=True):
            assert part in left, f"{part} is missing"
            left = left.replace(part, "", 1)
        assert left == ""


def test_a_card_has_no_other_fields() -> None:
    names = {field.name for field in dataclasses.fields(PrintedCard)}
    assert names == {
        "nickname", "age", "sex", "trade", "line", "wall", "position", "code_url", "section", "serial",
    }  # fmt: skip


def test_the_address_in_the_code_is_not_in_the_text_or_the_metadata(font_dir: Path) -> None:
    pdf, _ = sheets(some_cards(3), font_dir)
    assert "weixin" not in "".join(texts(pdf))
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    assert reader.metadata is not None
    assert reader.metadata.title == "幸福牵手相亲会 3号墙 · 90后"
    assert reader.metadata.creation_date == AT
    assert str(reader.root_object["/Lang"]) == "zh-CN"
    assert not re.search("anonymous|untitled|unspecified", str(reader.metadata))


def test_all_fonts_are_embedded_and_only_the_characters_used(font_dir: Path) -> None:
    for pdf in (sheets(some_cards(8), font_dir)[0], posters(some_cards(2), font_dir)[0]):
        reader = pypdf.PdfReader(io.BytesIO(pdf))
        used = {}
        for page in reader.pages:
            content = page.get_contents()
            assert content is not None
            names = set(re.findall(rb"(/F\d+\+\d+) [\d.]+ Tf", content.get_data()))
            fonts = page["/Resources"]["/Font"]  # type: ignore[index]
            used.update({name: fonts[name.decode()].get_object() for name in names})
        assert used
        for font in used.values():
            assert "NotoSansSC" in font["/BaseFont"]
            assert "/FontFile2" in font["/FontDescriptor"]
        assert len(pdf) < 300_000


def test_what_the_typeface_lacks_is_replaced_and_told_never_left_blank(font_dir: Path) -> None:
    card = dataclasses.replace(
        some_cards(1)[0],
        nickname="龙\U0002a6a5\U0002a0c2",
        line="爱笑😀👨\u200d👩\u200d👧\ufe0f，𝓛𝓾𝓬𝔂\x00\u202e的\n朋友",
        trade="护士🌸",
    )
    pdf, printed = sheets([card], font_dir)
    (text,) = texts(pdf)
    assert printed.unprintable == {"A-01": "\U0002a6a5\U0002a0c2"}
    assert "龙〓〓" in text
    assert "“爱笑，Lucy的朋友”" in bare(text)
    assert "\x00" not in text


def test_a_nickname_of_emoji_only_still_shows_that_there_is_one(font_dir: Path) -> None:
    card = dataclasses.replace(some_cards(1)[0], nickname="🌸🌸")
    pdf, _ = sheets([card], font_dir)
    assert "〓" in texts(pdf)[0]


@pytest.mark.parametrize("field", ["nickname", "trade", "line", "section", "serial"])
@pytest.mark.parametrize(
    "text", ["很长" * 150, "W" * 300, "，。！" * 60, "(" * 80], ids=lambda text: text[:2]
)
def test_nothing_that_people_write_runs_over_the_code_or_breaks_the_sheet(
    font_dir: Path, field: str, text: str
) -> None:
    change: dict[str, Any] = {field: text}
    cards = [dataclasses.replace(card, **change) for card in some_cards(8)]
    pdf, printed = sheets(cards, font_dir)
    assert printed.pages == 1
    assert codes(pages(pdf, 110)[0]) == {card.code_url for card in cards}


def test_the_same_cards_at_the_same_moment_give_the_same_file(font_dir: Path) -> None:
    assert sheets(some_cards(9), font_dir) == sheets(some_cards(9), font_dir)


def test_the_hash_on_a_sheet_changes_with_anything_on_it_and_with_nothing_else(font_dir: Path) -> None:
    cards = some_cards(16)
    changed = [*cards[:9], dataclasses.replace(cards[9], code_url=cards[9].code_url + "x"), *cards[10:]]
    before, after = texts(sheets(cards, font_dir)[0]), texts(sheets(changed, font_dir)[0])
    assert before[0] == after[0]
    assert before[1] != after[1]
    assert content_hash(cards[8:]) in before[1]
    assert content_hash(changed[8:]) in after[1]


@pytest.mark.slow
def test_a_thousand_cards_make_a_hundred_and_twenty_five_sheets(font_dir: Path) -> None:
    pdf, printed = sheets(some_cards(1000), font_dir)
    assert printed.pages == len(pypdfium2.PdfDocument(pdf)) == 125
    assert len(pdf) < 3_000_000


def test_no_cards_no_sheet(font_dir: Path) -> None:
    for draw in (sheets, posters):
        with pytest.raises(ValueError, match="no cards"):
            draw([], font_dir)


def test_missing_fonts_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FontsMissing, match=r"run \./niangjia assets"):
        load(tmp_path)
