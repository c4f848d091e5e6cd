"""The habit of all lists: search, filters, sort and page live in the URL, so a list can be kept and sent on.

A feature declares a `Listing`; the template `console/_parts.html` draws what `Listing.read` returns. Two queries a
list, whatever its length: the count, and the rows of one page. Both stop at `MOST` rows: nobody reads further, and
the database would have to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from flask import request, url_for
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from core.numbers import whole

SIZES: Final = (20, 50, 100)
SEARCH_LENGTH: Final = 40
LATE: Final = timedelta(hours=2)
"""What staff have to do is late when it has waited longer."""
MOST: Final = 10_000
"""So many rows are counted and can be leafed through; who wants others narrows the list or turns it round."""


@dataclass(frozen=True)
class Filter:
    """One choice that narrows the list: value -> (what it is called, its condition)."""

    name: str
    label: str
    choices: Mapping[str, tuple[str, ColumnElement[bool]]]


@dataclass(frozen=True)
class Sort:
    """A column that the list can be sorted by; the id comes last, so that no row is shown on two pages."""

    label: str
    columns: tuple[Any, ...]


@dataclass(frozen=True)
class Listing:
    """How a list of one feature is searched, narrowed and sorted. The first sort and `size` are the usual ones;
    `newest_first`: that sort is usually the other way round."""

    sorts: Mapping[str, Sort]
    filters: Sequence[Filter] = ()
    search: Callable[[str], ColumnElement[bool]] | None = None
    search_hint: str = ""
    size: int = SIZES[0]
    newest_first: bool = False

    def asked(self, query: Select[*tuple[Any, ...]], args: MultiDict[str, str] | None = None) -> Asked:
        """All rows that the URL asks for, in its order. What it asks wrongly is taken as not asked: nobody types it."""
        args = request.args if args is None else args
        everything = query
        chosen: dict[str, str] = {}
        said: list[tuple[str, str]] = []
        if self.search and (words := args.get("q", "").strip()[:SEARCH_LENGTH].replace("\0", "")):
            query = query.where(self.search(words))
            chosen["q"] = words
            said.append(("搜索", words))
        for item in self.filters:
            value = args.get(item.name, "")
            if value in item.choices:
                query = query.where(item.choices[value][1])
                chosen[item.name] = value
                said.append((item.label, item.choices[value][0]))
        usual = next(iter(self.sorts))
        name = args.get("sort", "")
        is_down = name.startswith("-")
        name = name.removeprefix("-")
        if name not in self.sorts:
            name, is_down = usual, self.newest_first
        elif (name, is_down) != (usual, self.newest_first):
            chosen["sort"] = f"-{name}" if is_down else name
        columns = self.sorts[name].columns
        ordered = query.order_by(None).order_by(*(c.desc() if is_down else c for c in columns))
        return Asked(everything, ordered, chosen, said, name, is_down, columns[-1])

    def read(
        self,
        db: Session,
        query: Select[*tuple[Any, ...]],
        args: MultiDict[str, str] | None = None,
        *,
        endpoint: str = "",
    ) -> Listed:
        """The page that the URL asks for. `endpoint` is the list's own, where a form's page shows it again."""
        args = request.args if args is None else args
        asked = self.asked(query, args)
        size = whole(args.get("size"))
        size = size if size in SIZES else self.size
        chosen = {**asked.chosen, **({"size": str(size)} if size != self.size else {})}
        count = asked.count_shown(db)
        pages = max(1, -(-min(count, MOST) // size))
        number = min(max(1, whole(args.get("page"), digits=8) or 1), pages)
        rows = db.execute(asked.page(size, number)).all() if count else []
        return Listed(
            self,
            rows,
            count,
            number,
            pages,
            size,
            asked.sort,
            asked.is_down,
            chosen,
            endpoint or request.endpoint or "",
        )


@dataclass(frozen=True)
class Asked:
    """What an address asks of a list: all there is, what of it, and the choice as one reads it."""

    everything: Select[*tuple[Any, ...]]
    query: Select[*tuple[Any, ...]]
    chosen: Mapping[str, str]
    said: Sequence[tuple[str, str]]
    sort: str
    is_down: bool
    key: Any

    def count_shown(self, db: Session) -> int:
        """How many rows a list leads to; `MOST` and one when there are more.

        Counted in the order of the rows: whatever index finds those finds these.
        """
        found = self.query.with_only_columns(self.key, maintain_column_froms=True).limit(MOST + 1)
        return db.scalar(select(func.count()).select_from(found.subquery())) or 0

    def page(self, size: int, number: int) -> Select[*tuple[Any, ...]]:
        """The rows of one page. Which they are is found first: what is only shown is joined to those alone."""
        keys = self.query.with_only_columns(self.key, maintain_column_froms=True)
        return self.query.where(self.key.in_(keys.limit(size).offset((number - 1) * size).correlate(None)))

    def count(self, db: Session) -> int:
        """How many rows there are."""
        return db.scalar(select(func.count()).select_from(self.query.order_by(None).subquery())) or 0


@dataclass(frozen=True)
class Listed:
    """One page of a list, and the addresses around it."""

    listing: Listing
    rows: Sequence[Any]
    count: int
    number: int
    pages: int
    size: int
    sort: str
    is_down: bool
    chosen: Mapping[str, str] = field(default_factory=dict)
    endpoint: str = ""

    @property
    def first(self) -> int:
        """The number of the first row shown."""
        return (self.number - 1) * self.size + 1 if self.count else 0

    @property
    def last(self) -> int:
        """The number of the last row shown."""
        return self.first + len(self.rows) - 1 if self.count else 0

    @property
    def has_more(self) -> bool:
        """Whether there are rows that the list doesn't lead to."""
        return self.count > MOST

    @property
    def counted(self) -> str:
        """How many rows there are, as it is shown."""
        return f"{MOST:,}+" if self.has_more else str(self.count)

    @property
    def is_narrowed(self) -> bool:
        """Whether an empty list may be empty because of what was asked."""
        return any(key not in ("sort", "size") for key in self.chosen)

    def url(self, **changes: str | int | None) -> str:
        """This list with some of it changed; a change of anything but the page starts at page one."""
        args: dict[str, Any] = {**self.chosen, **changes}
        kept = {
            key: value
            for key, value in args.items()
            if value not in (None, "") and (key, value) != ("page", 1)
        }
        return url_for(self.endpoint, **(request.view_args or {}), **kept)

    @property
    def plain_url(self) -> str:
        """All of the list, as one comes to it."""
        return url_for(self.endpoint, **(request.view_args or {}))

    def elsewhere(self, endpoint: str, **values: Any) -> str:
        """Another page about these very rows: its export, an act on many of them."""
        args: dict[str, Any] = {**(request.view_args or {}), **values, **self.chosen}
        return url_for(endpoint, **args)

    def sort_url(self, name: str) -> str:
        """The address of a column's head: sorted by it, the other way round if it already is."""
        return self.url(sort=f"-{name}" if self.sort == name and not self.is_down else name)

    def aria_sort(self, name: str) -> str:
        """How the column is sorted, for those who hear the page."""
        if self.sort != name:
            return "none"
        return "descending" if self.is_down else "ascending"

    @property
    def near(self) -> Sequence[int | None]:
        """The page numbers to show; None stands for those left out."""
        wanted = sorted(
            {1, self.pages, *range(max(1, self.number - 2), min(self.pages, self.number + 2) + 1)}
        )
        shown: list[int | None] = []
        for before, number in zip([0, *wanted], wanted, strict=False):
            if number - before > 1:
                shown.append(None)
            shown.append(number)
        return shown


def within(db: Session, key: Any, condition: ColumnElement[bool], *, by: Any) -> ColumnElement[bool]:
    """The condition by which a member's reach narrows a long list, in a form that is fast for small and large reaches.

    Who reaches few of very many gets those found first, by the index that begins with `by`: walked in the order of
    the list, with most of it not theirs, they would come one in a thousand.
    """
    reach = select(key).where(condition).order_by(by).limit(MOST + 1).correlate(None)
    count = db.scalar(select(func.count()).select_from(reach.subquery())) or 0
    return key.in_(reach) if count <= MOST else condition
