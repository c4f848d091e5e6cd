"""Checks that several forms share."""

from __future__ import annotations

import re
from typing import Any

from core.hanzi import fold
from forms.answers import Given

_DIGITS = str.maketrans("零〇一壹二贰三叁四肆五伍六陆七柒八捌九玖幺", "001122334455667788991")
_RUN = re.compile(r"\d(?:[\s\-.·_,、/|~*+()]*\d)+")
_YEARS = re.compile(r"(?:(?:19|20)\d\d\D*)+")
_LINK = re.compile(
    r"https?:|www\.|[a-z0-9-]+\.(?:com|cn|net|org|top|xyz|vip|cc|me|io|club|site|shop|info)\b|[\w.]+@[\w.]+"
)
_HANDLE = re.compile(r"[a-z][a-z0-9_-]{4,19}")
_CALL = re.compile(
    r"(?:v|微|薇|威|徽|v[x+]|wx|weixin|wechat|qq|扣扣|企鹅)\s*(?:信|心)?\s*(?:号|id|同号|是|:|=|搜|加)"
    r"|(?:加|搜|找)(?:我|个|一下|下)?(?:的)?\s*(?:v\b|v信|vx|wx|微信?|薇|威信|qq|扣)"
    r"|[vVxX][信xX]|薇信|威信|徽信|微❤|v❤|wxid"
    r"|(?:手机|电话|联系方式|抖音|快手|小红书|陌陌|探探)\s*(?:号码?|id)?\s*(?:是|:|=)"
)
_TAGGED = re.compile(r"(?:微信|weixin|wechat|qq|扣扣|抖音|快手|小红书)\D{0,4}?([a-z0-9_-]{5,20})")


def has_contact(text: str) -> bool:
    """Whether a text for strangers holds a way around us: a phone, WeChat or QQ number, an address of the web.

    Spelled-out, full-width and spaced digits count as digits; a year or a span of years does not.
    """
    said = fold(text).lower()
    if _LINK.search(said) or _CALL.search(said) or _TAGGED.search(said):
        return True
    for run in _RUN.finditer(said.translate(_DIGITS)):
        digits = re.sub(r"\D", "", run[0])
        if len(digits) >= 7 and not _YEARS.fullmatch(run[0]):
            return True
    return any(_looks_like_an_id(handle[0]) for handle in _HANDLE.finditer(said))


def _looks_like_an_id(word: str) -> bool:
    """abc123, li_lei99: three digits, or an underline with letters around."""
    return sum(sign.isdigit() for sign in word) >= 3 or re.search("[a-z0-9]_[a-z0-9]", word) is not None


def no_contact(sentence: str) -> Any:
    """A check that refuses contacts with this sentence."""

    def check(value: str, given: Given) -> str | None:
        return sentence if has_contact(value) else None

    return check
