"""The XML of pushes and replies: written by hand as the platform writes it, read strictly."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from xml.etree import ElementTree

Field = tuple[str, Any]

ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class BadXml(Exception):
    """A reply that is not the XML of a message."""


def cdata(text: str) -> str:
    """Text as CDATA, whatever people type."""
    return "<![CDATA[" + ILLEGAL.sub("", text).replace("]]>", "]]]]><![CDATA[>") + "]]>"


def elements(fields: Iterable[Field]) -> str:
    """Elements one after another: str in CDATA, numbers bare, lists nested."""
    out = []
    for name, value in fields:
        if isinstance(value, str):
            inner = cdata(value)
        elif isinstance(value, list | tuple):
            inner = elements((str(child), grandchild) for child, grandchild in value)
        else:
            inner = str(value)
        out.append(f"<{name}>{inner}</{name}>")
    return "".join(out)


def document(fields: Iterable[Field]) -> bytes:
    return f"<xml>{elements(fields)}</xml>".encode()


def parse(body: bytes) -> ElementTree.Element:
    """The root of a reply; BadXml with the reason when the platform would not take it."""
    if body[:1] != b"<":
        raise BadXml("reply is not XML" if body.strip()[:1] != b"<" else "white space before the XML")
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise BadXml("reply has a DTD")
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 -- no DTD gets here
    except ElementTree.ParseError as error:
        raise BadXml(f"malformed XML: {error}") from error
    if root.tag != "xml":
        raise BadXml(f"root element is {root.tag!r}")
    return root


def text_of(root: ElementTree.Element, path: str) -> str:
    """Text of one element below root, empty when missing."""
    return root.findtext(path) or ""
