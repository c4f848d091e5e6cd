from __future__ import annotations

import io
import re
from xml.etree import ElementTree

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from qrcode import QRCode
from qrcode.constants import ERROR_CORRECT_H, ERROR_CORRECT_M, ERROR_CORRECT_Q

from qr.images import QUIET_ZONE, Code, encode, png, svg

LINK = "http://weixin.qq.com/q/02zz9kQ1nvpX1AAAAAxA7c"


def read(image: Image.Image) -> tuple[str, str]:
    (found,) = zxingcpp.read_barcodes(image.convert("L"))
    return found.text, found.ec_level


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyzABCXYZ0123456789-_:/.?=&%", min_size=1, max_size=290))
@settings(max_examples=60, deadline=None)
def test_what_is_encoded_is_read_back_from_the_png(text: str) -> None:
    assert read(Image.open(io.BytesIO(png(text, module=4))))[0] == text


def test_the_png_is_black_and_white_with_a_quiet_zone() -> None:
    image = Image.open(io.BytesIO(png(LINK, module=10)))
    assert image.mode == "1"
    assert image.width == image.height == (encode(LINK).size + 2 * QUIET_ZONE) * 10
    border = image.crop((0, 0, image.width, QUIET_ZONE * 10))
    assert border.getextrema() == (255, 255)


def test_the_svg_draws_the_same_modules_and_loads_nothing() -> None:
    text = svg(LINK)
    root = ElementTree.fromstring(text)
    side = int(root.attrib["viewBox"].split()[2])
    image = Image.new("L", (side * 8, side * 8), 255)
    draw = ImageDraw.Draw(image)
    path = root.findall("{http://www.w3.org/2000/svg}path")[1].attrib["d"]
    for x, y, length in (map(int, found) for found in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", path)):
        draw.rectangle((x * 8, y * 8, (x + length) * 8 - 1, y * 8 + 7), fill=0)
    assert read(image)[0] == LINK
    assert text.count("http") == 1  # the namespace
    assert "href" not in text


def test_the_same_text_gives_the_same_bytes() -> None:
    first = png(LINK), svg(LINK)
    encode.cache_clear()
    assert (png(LINK), svg(LINK)) == first


@pytest.mark.parametrize("length", [20, 38, 42, 45, 46, 47, 60, 84, 130, 250])
def test_the_level_is_the_highest_that_costs_no_bigger_code_and_at_least_m(length: int) -> None:
    text = (LINK * 10)[:length]

    def size(level: int) -> int:
        code: QRCode = QRCode(error_correction=level)  # type: ignore[type-arg]
        code.add_data(text, optimize=0)
        code.make()
        return code.modules_count

    assert encode(text).size == size(ERROR_CORRECT_M)
    _, level = read(Image.open(io.BytesIO(png(text))))
    fitting = [
        name
        for name, number in (("H", ERROR_CORRECT_H), ("Q", ERROR_CORRECT_Q), ("M", ERROR_CORRECT_M))
        if size(number) == encode(text).size
    ]
    assert level == fitting[0]


def test_a_wechat_link_of_usual_length_survives_a_quarter_spoilt() -> None:
    assert read(Image.open(io.BytesIO(png(LINK))))[1] == "Q"


def test_runs_cover_the_dark_modules_exactly() -> None:
    code = Code(4, (0b1011, 0b0000, 0b1111, 0b0110))
    assert list(code.runs()) == [(0, 0, 1), (2, 0, 2), (0, 2, 4), (1, 3, 2)]
    real = encode(LINK)
    assert sum(length for _, _, length in real.runs()) == sum(row.bit_count() for row in real.rows)


@pytest.mark.parametrize("text", ["", "x" * 301, "家" * 101, "\ud800"])
def test_nothing_too_much_and_no_half_characters_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        encode(text)
