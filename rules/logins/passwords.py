"""Passwords: how they are kept, and which are too easy."""

from __future__ import annotations

import re
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from core.errors import Refused

SHORTEST = 12
LONGEST = 200

# RFC 9106 asks for less memory to be made up by time: 32 MiB, three times over, is 60 ms here, and sixteen threads at
# once still fit into a small machine.
_hasher = PasswordHasher(time_cost=3, memory_cost=32 * 1024, parallelism=1)
NOBODYS = "$argon2id$v=19$m=32768,t=3,p=1$cwFgFEa3N0RZXq41kXu7qw$rNXqsmANNR2DgN15hwqbDaNJO5H4UOFFea6EoOMEub8"
"""The hash of random bytes that were thrown away, at today's price; made anew when the price changes."""

_COMMON = (
    *("password", "passw0rd", "p@ssword", "p@ssw0rd", "qwerty", "asdfgh", "zxcvbn", "qazwsx", "1qaz2wsx"),
    *(
        "letmein",
        "welcome",
        "iloveyou",
        "woaini",
        "woaiwojia",
        "admin",
        "administrator",
        "root",
        "test",
        "login",
    ),
    *(
        "abc",
        "abcd",
        "abcdef",
        "aaa",
        "asd",
        "qwe",
        "zxc",
        "niangjia",
        "gonghui",
        "zonggonghui",
        "wechat",
        "weixin",
    ),
    *("zhongguo", "china", "beijing", "shanghai", "hangzhou", "user", "guest", "hello", "changeme", "dragon"),
    *("monkey", "sunshine", "princess", "football", "mima", "wodemima", "密码", "工会", "总工会", "娘家"),
)
_ROWS = (
    "01234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1qaz2wsx3edc4rfv5tgb",
)
_LEAST_DIFFERENT = 6
_LEAST_LETTERS = 4
_LONGEST_RUN = 5


def kept(password: str) -> str:
    """What is stored of a password."""
    return _hasher.hash(_bytes(password))


def matches(hashed: str | None, password: str) -> bool:
    """Whether it is the password. Takes as long when there is none to compare with."""
    try:
        _hasher.verify(hashed or NOBODYS, _bytes(password[:LONGEST]))
    except (VerificationError, InvalidHashError):
        return False
    return hashed is not None


def is_dated(hashed: str) -> bool:
    """Whether it was stored with less work than is asked today."""
    return _hasher.check_needs_rehash(hashed)


def need_good(password: str, login: str, name: str) -> None:
    """Refuse a password that is short, or that somebody who knows the person, or lists of passwords, would try."""
    password = _same(password)
    if len(password) < SHORTEST:
        raise Refused("password_short", least=SHORTEST)
    if len(password) > LONGEST:
        raise Refused("password_long", most=LONGEST)
    small = password.lower()
    rest = small.replace(login.lower(), "").replace(name.lower(), "")
    if rest != small and len(_letters(rest)) < _LEAST_LETTERS:
        raise Refused("password_login")
    if _is_common(small):
        raise Refused("password_common")


def _is_common(small: str) -> bool:
    if len(set(small)) < _LEAST_DIFFERENT:
        return True
    rest = small
    for row in _ROWS:
        for line in (row, row[::-1]):
            for length in range(len(line), _LONGEST_RUN - 2, -1):
                for start in range(len(line) - length + 1):
                    rest = rest.replace(line[start : start + length], "")
    for word in sorted(_COMMON, key=len, reverse=True):
        rest = rest.replace(word, "")
    if len(_letters(rest)) < _LEAST_LETTERS:  # the rest is a year, a phone number, exclamation marks
        return True
    return re.fullmatch(r"(.{1,6}?)\1+.{0,5}", small) is not None


def _letters(text: str) -> str:
    return re.sub(r"[\W\d_]", "", text)


def _bytes(password: str) -> bytes:
    return _same(password).encode("utf-8", "surrogatepass")


def _same(password: str) -> str:
    """The same characters, however a keyboard composed them."""
    return unicodedata.normalize("NFC", password)
