"""A message read the quick way is what WeRoBot's own parser makes of it."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werobot.parser import parse_xml

from bot.envelope import parsed

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
FIELDS = st.lists(
    st.tuples(st.sampled_from(["MsgType", "Content", "a", "b:c", "raw", "类"]), TEXTS, st.booleans())
)
ODD = (
    "",
    "<xml/>",
    "<xml></xml>",
    "<xml>words</xml>",
    "<xml>words<a>1</a></xml>",
    "<xml><a>1</a>words</xml>",
    "<xml><a>1</a><a>2</a></xml>",
    "<xml><a><b>1</b></a></xml>",
    '<xml><a b="1">2</a></xml>',
    '<xml c="1"><a>2</a></xml>',
    '<xml><a xmlns="u">1</a></xml>',
    "<xml><a> x <!-- y --> z </a></xml>",
    "<xml><a>&#x1F600;&amp;</a></xml>",
    "<xml><a>&unknown;</a></xml>",
    "<xml><a>1</xml>",
    "<xml><a>1</a></xml><xml/>",
    '<!DOCTYPE xml [<!ENTITY x "y">]><xml><a>&x;</a></xml>',
    '<xml><!DOCTYPE xml [<!ENTITY x "y">]><a>&x;</a></xml>',
    '<?xml version="1.0" encoding="gbk"?><xml><a>一</a></xml>',
    "\ufeff<xml><a>1</a></xml>",
)


def what(parse: Any, xml: str) -> Any:
    """What came of it: the fields, or the kind of error."""
    try:
        return parse(xml)
    except Exception as error:
        return type(error)


@pytest.mark.parametrize("xml", ODD)
def test_odd_documents(xml: str) -> None:
    assert what(parsed, xml) == what(parse_xml, xml)


@given(FIELDS)
def test_any_fields(fields: list[tuple[str, str, bool]]) -> None:
    inside = "".join(
        f"<{name}>{'<![CDATA[' + text.replace(']]>', '') + ']]>' if is_cdata else escape(text)}</{name}>"
        for name, text, is_cdata in fields
    )
    xml = f"<xml>{inside}</xml>"
    assert what(parsed, xml) == what(parse_xml, xml)
