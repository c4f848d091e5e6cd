"""Words that are typed to reach a feature: one spelling, an index that does not slow down as it grows, a report.

A word is found as it is, in traditional characters or full width, with marks and manners around it
(请问，我要预约一下), or with one slip of the finger when it has three characters or more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from core.hanzi import fold

T = TypeVar("T")

_LONGEST = 64  # characters: a longer text is no keyword, and is not worth the work
_MARKS = re.compile(r"[^\w\-./:+#@&%~]+")
_EDGES = "-./:+#@&%~_ "
_STICKER = re.compile(r"\[[^\[\]]{1,4}\]")  # WeChat sends its faces as [微笑]
_BLANK = re.compile(r"(?<![!-~]) | (?![!-~])")  # beside a Chinese character

# What people say around a word, piece by piece. Nothing that denies, asks or puts it in the past: 不取消, 取消吗 and
# 取消了 are not 取消.
_HEAD = re.compile("(?:请问|你好|您好|麻烦|帮忙|帮我|给我|请|我|想|要|一下)\\s*")
_TAIL = re.compile("\\s*(?:一下|谢谢你?|好吗|[吧呀啊哦呢哈])$")
_LAYERS = 6
_WHETHER = re.compile(r"(.)[不没]\1")  # 愿不愿意 is a question, one character away from the answer 不愿意

# A slip never adds, drops or swaps one of these: each turns the meaning round (不愿意, 没收到, 上一页, 报名2, 取消了).
_WEIGHTY = frozenset(
    "不没别非无未勿莫否吗么了过男女父母上下前后左右大小新旧开关进出来去多少早晚〇零一二三四五六七八九十两0123456789"
)


def normalise(text: str) -> str:
    """Half-width, simplified, lower case, without marks and stickers, single blanks only between Latin words.

    `-./:+#@&%~` stay inside a text, because ranges and numbers need them. Never raises, and applying it twice changes
    nothing.
    """
    said = fold(text).lower()
    if "[" in said:
        said = _STICKER.sub(" ", said)
    return _MARKS.sub(" ", said).strip(_EDGES)


def compact(text: str) -> str:
    """Normalised, without the blanks beside Chinese characters: 找 对象 and 找对象 are one word."""
    said = normalise(text)
    return _BLANK.sub("", said) if " " in said else said


def _plain(said: str) -> Iterator[str]:
    """The text with the manners around it taken off, one piece after another, never down to nothing."""
    for _ in range(_LAYERS):
        head = _HEAD.match(said)
        if head is not None:
            shorter = said[head.end() :]
        else:
            shorter = _TAIL.sub("", said)
            if len(shorter) == len(said):
                return
        if not shorter:
            return
        yield shorter
        said = shorter


@dataclass(frozen=True, slots=True)
class Match(Generic[T]):
    """What was found: its owner, the word as declared, and how it was found."""

    value: T
    word: str
    kind: Literal["exact", "typo"]


@dataclass(frozen=True, slots=True)
class Entry(Generic[T]):
    """A word as declared, and who owns it."""

    word: str
    value: T


def _forgiving(key: str) -> bool:
    """Whether the word is long enough for a slip in it to be guessed."""
    return len(key) >= (4 if key.isascii() else 3)


def _slips(key: str) -> Iterator[str]:
    """Patterns that a word shares with its one-slip neighbours: a character blotted out, or left out."""
    if not _forgiving(key):
        return
    for i, char in enumerate(key):
        if char not in _WEIGHTY:
            yield f"{key[:i]}\0{key[i + 1 :]}"
            yield key[:i] + key[i + 1 :]


class WordIndex(Generic[T]):
    """Finds who owns what was typed. A lookup costs the same with ten words and with ten thousand.

    Where two entries claim one word the first one has it; `overlaps` reports them.
    """

    def __init__(self, entries: Iterable[tuple[str, T]]) -> None:
        self._exact: dict[str, Match[T]] = {}  # made once: most lookups end here
        self._near: dict[str, Match[T] | None] = {}
        entries = [(word, value) for word, value in entries if compact(word)]
        for word, value in entries:
            self._exact.setdefault(compact(word), Match(value, word, "exact"))
        for key, match in self._exact.items():
            guess = Match(match.value, match.word, "typo")
            for slip in _slips(key):
                other = self._near.setdefault(slip, guess)
                if other is not None and other.value != guess.value:
                    self._near[slip] = None  # two owners are as near: neither
        self._longest = max(map(len, self._exact), default=0)
        for word, value in entries:  # as typed in the source, so that most lookups need no normalising
            self._exact.setdefault(word, Match(value, word, "exact"))

    def exact(self, text: str) -> Match[T] | None:
        """The owner of just this word, whatever its spelling, or None."""
        found = self._exact.get(text)
        return found or (self._exact.get(compact(text)) if len(text) <= _LONGEST else None)

    def find(self, text: str) -> Match[T] | None:
        """The owner of the word that this text most likely is: exact, with manners, then one slip."""
        found = self._exact.get(text)
        if found is not None:
            return found
        if len(text) > _LONGEST:
            return None
        said = normalise(text)
        forms = [said, *_plain(said)]
        for form in forms:
            key = _BLANK.sub("", form) if " " in form else form
            found = self._exact.get(key)
            if found is not None:
                return found
        return next((slip for form in forms if (slip := self._typo(form))), None)

    def _typo(self, said: str) -> Match[T] | None:
        """The one owner a single slip away: a wrong, missing or doubled character, or two changed places."""
        key = _BLANK.sub("", said) if " " in said else said
        if not _forgiving(key) or len(key) > self._longest + 1 or _WHETHER.search(key):
            return None
        found: list[Match[T]] = []
        for other in _neighbours(key):
            exact = self._exact.get(other)
            if exact is not None and _forgiving(other):
                found.append(Match(exact.value, exact.word, "typo"))
        for pattern in _blots(key):
            if pattern in self._near:
                guess = self._near[pattern]
                if guess is None:
                    return None
                found.append(guess)
        return found[0] if found and all(match.value == found[0].value for match in found) else None


def _neighbours(key: str) -> Iterator[str]:
    """The key without one of its characters, and with two neighbours swapped."""
    for i, char in enumerate(key):
        if char not in _WEIGHTY:
            yield key[:i] + key[i + 1 :]
        if i + 1 < len(key) and char != key[i + 1] and not {char, key[i + 1]} & _WEIGHTY:
            yield key[:i] + key[i + 1] + char + key[i + 2 :]


def _blots(key: str) -> Iterator[str]:
    """The key with one character blotted out (a wrong one), and itself (a missing one)."""
    yield key
    for i, char in enumerate(key):
        if char not in _WEIGHTY:
            yield f"{key[:i]}\0{key[i + 1 :]}"


@dataclass(frozen=True, slots=True)
class Overlap(Generic[T]):
    """Two owners whose words are the same once normalised, or one slip apart."""

    word: str
    owner: T
    other_word: str
    other_owner: T
    kind: Literal["same", "near"]


def overlaps(entries: Iterable[tuple[str, T]]) -> list[Overlap[T]]:
    """Every pair of words with different owners that would be mistaken for each other; empty when all is well.

    `same`: one normalised word, or one that is the other plus manners (我要报名 and 报名). `near`: one slip apart, so
    that a slip in one silently reaches the other.
    """
    first: dict[str, Entry[T]] = {}
    found: list[Overlap[T]] = []
    for word, value in entries:
        key = compact(word)
        entry = first.setdefault(key, Entry(word, value))
        if entry.value != value:
            found.append(Overlap(entry.word, entry.value, word, value, "same"))
    for key, entry in first.items():
        for form in dict.fromkeys(compact(form) for form in _plain(normalise(entry.word))):
            other = first.get(form)
            if form != key and other is not None and other.value != entry.value:
                found.append(Overlap(other.word, other.value, entry.word, entry.value, "same"))
    return found + _near(first)


def _near(first: dict[str, Entry[T]]) -> list[Overlap[T]]:
    """Pairs of words one slip apart, in the order in which they were declared."""
    keys = list(first)
    place = {key: i for i, key in enumerate(keys)}
    blotted: dict[str, list[str]] = {}
    pairs: set[tuple[int, int]] = set()
    for key in filter(_forgiving, keys):
        reached = [other for other in _neighbours(key) if other in first and _forgiving(other)]
        for pattern in _blots(key):
            if pattern != key:
                same = blotted.setdefault(pattern, [])
                reached += same
                same.append(key)
        pairs.update((min(place[key], place[other]), max(place[key], place[other])) for other in reached)
    near = [(first[keys[i]], first[keys[j]]) for i, j in sorted(pairs)]
    return [Overlap(a.word, a.value, b.word, b.value, "near") for a, b in near if a.value != b.value]
