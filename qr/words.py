"""What the printed sheets say themselves, around what people wrote."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from core.clock import local

SEX: Final = {"f": "女", "m": "男"}
SCAN: Final = "微信扫一扫，认识TA"
POSTERS: Final = "大卡片"
CUT: Final = "沿十字线裁开"


def age(years: int) -> str:
    """35岁"""
    return f"{years}岁"


def wall(number: int) -> str:
    """3号墙"""
    return f"{number}号墙"


def quoted(line: str) -> str:
    """What somebody says of themself, in their own voice."""
    return f"“{line}”"


def page(number: int, total: int) -> str:
    """第 2 页，共 12 页"""
    return f"第 {number} 页，共 {total} 页"


def printed(at: datetime) -> str:
    """When a sheet was made, on a clock in the hall."""
    return f"打印于 {local(at):%Y-%m-%d %H:%M}"


def version(content_hash: str) -> str:
    """By which a sheet is compared with what should hang there now."""
    return f"版本 {content_hash}"


def valid_until(moment: datetime) -> str:
    """Until when the codes can be scanned."""
    day = local(moment)
    return f"二维码可用到 {day.month}月{day.day}日"
