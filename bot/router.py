"""Which words, menu taps, links and scans lead to which handler: declared at the handler, looked up at once.

A handler takes the chat and what came with the door: the argument of a tap, the typed scene of a code, the
answers of a form; "" for a word, a menu button or an event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from bot.chat import Chat
from bot.replies import Say
from bot.words import WordIndex, overlaps

Reply = Say | tuple[Say, ...] | None
Handler = Callable[[Chat, Any], Reply]
H = TypeVar("H", bound=Handler)


def all_said(reply: Reply) -> tuple[Say, ...]:
    """What a handler answered, as one or several texts or none."""
    if reply is None:
        return ()
    return (reply,) if isinstance(reply, Say) else reply


def quick(handler: H) -> H:
    """Mark a handler that reads, and writes one keyed statement at most: it may answer on the request's own thread.

    Whatever calls another host, or writes more, is not quick.
    """
    handler.is_quick = True  # type: ignore[attr-defined]
    return handler


def is_quick(handler: Handler | None) -> bool:
    """Whether the handler is marked so."""
    return getattr(handler, "is_quick", False)


def is_idle(handler: Handler) -> bool:
    """Whether the handler is marked `idle`."""
    return getattr(handler, "is_idle", False)


def idle(handler: H) -> H:
    """Mark a handler that only says there is nothing to do: a tap that was offered with its word goes first."""
    handler.is_idle = True  # type: ignore[attr-defined]
    return handler


@dataclass(frozen=True, slots=True)
class Keyword:
    """A word that opens a door; `about` is its line in 帮助, empty for a synonym or what needs no line."""

    word: str
    handler: Handler
    about: str = ""


class Doors:
    """What leads to a handler, each kind by what names it."""

    def __init__(self) -> None:
        self.keywords: list[Keyword] = []
        self.menu_keys: dict[str, Handler] = {}
        self.taps: dict[str, Handler] = {}
        self.scenes: dict[type, Handler] = {}
        self.events: dict[str, Handler] = {}
        self.forms: dict[str, Handler] = {}
        self.beginnings: dict[str, Handler] = {}
        self.abouts: dict[str, str] = {}
        self.sentences: list[Handler] = []
        self.pictures: list[Handler] = []

    def take(self, other: Router) -> None:
        """These doors too. Raises Claimed."""
        for mine, theirs in (
            (self.menu_keys, other.menu_keys),
            (self.taps, other.taps),
            (self.scenes, other.scenes),
            (self.events, other.events),
            (self.forms, other.forms),
            (self.beginnings, other.beginnings),
        ):
            _merge(other.name, theirs, mine)
        self.abouts |= other.abouts
        self.keywords += other.keywords
        self.sentences += other.sentences
        self.pictures += other.pictures


class Router(Doors):
    """The doors of one feature."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def sentence(self, handler: H) -> H:
        """Tried with a text that no form, word or tap took; answers None when the text is not for it."""
        self.sentences.append(handler)
        return handler

    def picture(self, handler: H) -> H:
        """Tried with a picture that no form took, by what WeChat calls it; answers None when it is not for it."""
        self.pictures.append(handler)
        return handler

    def keyword(self, *words: str, about: str = "") -> Callable[[H], H]:
        """Said in words; the first is the one shown in 帮助, with `about` behind it."""

        def declare(handler: H) -> H:
            self.keywords += [Keyword(word, handler, about if i == 0 else "") for i, word in enumerate(words)]
            return handler

        return declare

    def menu(self, key: str) -> Callable[[H], H]:
        """A menu button with this key."""
        return _declare(self.menu_keys, key)

    def tap(self, name: str) -> Callable[[H], H]:
        """A link or menu-message item whose id is `name` or `name.argument`."""
        return _declare(self.taps, name)

    def scene(self, scene: type) -> Callable[[H], H]:
        """A code with this kind of scene, scanned by a follower or by someone who follows with it."""
        return _declare(self.scenes, scene)

    def event(self, name: str) -> Callable[[H], H]:
        """An event of the platform by its name in lower case."""
        return _declare(self.events, name)

    def submitted(self, form: str) -> Callable[[H], H]:
        """A form with this name was filled in and confirmed."""
        return _declare(self.forms, form)

    def begins(self, form: str, *, about: str = "") -> Callable[[H], H]:
        """A form with this name is begun on a page; with `about` it stands in the list of pages."""
        if about:
            self.abouts[form] = about
        return _declare(self.beginnings, form)


class Claimed(Exception):
    """Two handlers declare the same door."""


class Table(Doors):
    """All routers' doors in one lookup that does not get slower with their number. Raises Claimed."""

    def __init__(self, routers: Iterable[Router]) -> None:
        super().__init__()
        self.routers = tuple(routers)
        for router in self.routers:
            self.take(router)
        clashes = overlaps((keyword.word, keyword.handler) for keyword in self.keywords)
        if clashes:
            raise Claimed("; ".join(map(str, clashes)))
        self.tappable = {*self.taps.values(), *(one.handler for one in self.keywords if is_idle(one.handler))}
        self.words: WordIndex[Handler] = WordIndex(
            (keyword.word, keyword.handler) for keyword in self.keywords
        )

    def tapped(self, tap: str) -> tuple[Handler, str] | None:
        """The handler and argument of a tap's id."""
        name, _, argument = tap.partition(".")
        handler = self.taps.get(name)
        return (handler, argument) if handler else None


def _declare(doors: dict[Any, Handler], key: Any) -> Callable[[H], H]:
    def declare(handler: H) -> H:
        _merge("router", {key: handler}, doors)
        return handler

    return declare


def _merge(name: str, mine: dict[Any, Handler], doors: dict[Any, Handler]) -> None:
    for key, handler in mine.items():
        if key in doors:
            raise Claimed(f"{name}: {key!r} is claimed twice")
        doors[key] = handler
