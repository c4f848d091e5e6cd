"""Limits of template fields by their kind (thing, time, amount …), for both kinds of template."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .errors import Refused
from .records import Json, OwnedTemplate

FIELD = re.compile(r"\{\{(\w+)\.DATA\}\}")
KIND = re.compile(r"([a-z_]+?)\d+")
CLOCK = r"\d{1,2}:\d{2}(:\d{2})?"
DAY = r"(\d{4}年\d{1,2}月\d{1,2}日|\d{4}[-/.]\d{1,2}[-/.]\d{1,2})"
ONE_TIME = rf"({DAY}\s*({CLOCK})?|{CLOCK})"
TIME = re.compile(rf"{ONE_TIME}(\s*~\s*{ONE_TIME})?")
AMOUNT = re.compile(r"[¥￥$€£]?-?\d{1,10}(\.\d+)?元?")
ASCII_TEXT = re.compile(r"[\x20-\x7e]+")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def is_name(value: str) -> bool:
    return len(value) <= (10 if CHINESE.search(value) else 20)


LIMITS: dict[str, Callable[[str], bool]] = {
    "thing": lambda v: len(v) <= 20,
    "number": lambda v: len(v) <= 32 and re.fullmatch(r"-?\d+(\.\d+)?", v) is not None,
    "letter": lambda v: len(v) <= 32 and re.fullmatch(r"[A-Za-z]+", v) is not None,
    "symbol": lambda v: len(v) <= 5 and not any(c.isalnum() for c in v),
    "character_string": lambda v: len(v) <= 32 and ASCII_TEXT.fullmatch(v) is not None,
    "time": lambda v: TIME.fullmatch(v.strip()) is not None,
    "date": lambda v: TIME.fullmatch(v.strip()) is not None,
    "amount": lambda v: AMOUNT.fullmatch(v) is not None,
    "phone_number": lambda v: len(v) <= 17 and re.fullmatch(r"[\d+\-() ]+", v) is not None,
    "car_number": lambda v: len(v) <= 8,
    "name": is_name,
    "phrase": lambda v: len(v) <= 5 and all(CHINESE.match(c) for c in v),
    "const": lambda v: len(v) <= 20,
}


def names_in(content: str) -> list[str]:
    return FIELD.findall(content)


def fill(template: OwnedTemplate, data: Any) -> list[Json]:
    """The lines of a filled template; 47003 naming the first field that breaks a rule."""
    if not isinstance(data, dict):
        raise Refused(47003)
    for name in names_in(template.content):
        item = data.get(name)
        value = item.get("value") if isinstance(item, dict) else None
        kind = KIND.fullmatch(name)
        check = LIMITS.get(kind.group(1)) if kind else None
        if check is None:
            continue
        if value is None or str(value) == "":
            raise Refused(47003, f"argument invalid! data.{name}.value is emtpy")
        if not check(str(value)):
            raise Refused(47003, f"argument invalid! data.{name}.value invalid")
    rows = []
    for line in template.content.splitlines():
        found = FIELD.search(line)
        if found is None:
            continue
        item = data.get(found.group(1))
        value = str(item.get("value") or "") if isinstance(item, dict) else ""
        label = line[: found.start()].strip().rstrip(":：")
        if value and found.group(1) not in ("first", "remark"):
            rows.append({"name": label, "value": value})
    return rows
