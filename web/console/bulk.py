"""One act on many rows of a list: chosen by hand or by filter, shown first with who is left out and why, then done.

The rows are looked up by the list's own query each time, so an act reaches nothing that its list does not show, and
sending the same form twice finds nothing left to do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from flask import request
from sqlalchemy import Select

from core.errors import Refused
from core.numbers import whole
from rules import access
from rules.access import Permission
from web.console import words
from web.console.forms import REASON_LENGTH, Form, HiddenField, SelectField, reason_for
from web.console.gate import Desk, Needs, Pages, page, say, to
from web.console.lists import Listing

MOST: Final = 500
"""Rows that one act takes at a time: they are one transaction, and one row of the audit each."""


@dataclass(frozen=True)
class Act:
    """What can be done to many rows at once.

    `entity` is the first thing in each row of the list's query and `called` names it on the preview. `judge` says in
    one clause why a row is left out, or None. `do` does it to all rows (`each`: one by one) with the reason and the
    target, leaves an audit row for each, and raises Refused where it came too late. With `reason` (its label) a reason
    is asked for; with `targets` one of these (value, words) is chosen first.
    """

    name: str
    title: str
    says: str
    done: Callable[[int], str]
    needs: Permission
    entity: Any
    called: Callable[[Any], str]
    do: Callable[[Desk, Sequence[Any], str, str], Any]
    judge: Callable[[Desk, Any, str], str | None] = lambda desk, row, target: None
    reason: str = ""
    target: str = ""
    targets: Callable[..., Sequence[tuple[str, str]]] | None = None
    danger: bool = False


def each(do: Callable[[Desk, Any, str, str], Any]) -> Callable[[Desk, Sequence[Any], str, str], None]:
    """An act that is done to one row after the other."""

    def all_of_them(desk: Desk, rows: Sequence[Any], reason: str, target: str) -> None:
        for row in rows:
            do(desk, row, reason, target)

    return all_of_them


class BulkForm(Form):
    """What the pages of one act hand on."""

    ids = HiddenField()
    target = SelectField(validate_choice=False)
    reason = reason_for("原因")
    step = HiddenField()


@dataclass
class _Sorted:
    """The rows an act would be done to, and those left out, each with why."""

    rows: list[Any] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    gone: int = 0


def offer(
    pages: Pages,
    rule: str,
    act: Act,
    *,
    needs: Needs,
    listing: Callable[[Desk], Listing],
    query: Callable[..., Select[*tuple[Any, ...]]],
    back: str,
) -> None:
    """Give the list at `rule` an address for this act; `back` is the endpoint of the list."""

    def view(desk: Desk, **ids: Any) -> Any:
        access.need(desk.staff, act.needs)
        return _Run(desk, act, listing(desk), query(desk, **ids), back, ids).answer()

    view.__name__ = f"bulk_{act.name}"
    pages.route(f"{rule}/bulk/{act.name}", needs=needs, methods=("POST",))(view)


def buttons(desk: Desk, pages: Pages, acts: Sequence[Act]) -> list[tuple[str, Act]]:
    """The acts that this member may do, each with its endpoint, for the bar below a list."""
    return [(f"console.{pages.name}.bulk_{act.name}", act) for act in acts if desk.may(act.needs)]


class _Run:
    """One request for one act."""

    def __init__(
        self, desk: Desk, act: Act, listing: Listing, query: Select[Any], back: str, ids: dict[str, Any]
    ) -> None:
        self.desk, self.act, self.back, self.values = desk, act, back, ids
        self.asked = listing.asked(query)
        self.form = BulkForm()
        self.form.process(request.form)
        self.choices = list(act.targets(desk, **ids)) if act.targets else []
        self.form.target.choices = self.choices
        self.form.target.label.text = act.target
        self.form.reason.label.text = act.reason or "原因"

    def answer(self) -> Any:
        """The next page of the act, or the way back to the list."""
        ids = self._ids()
        if ids is None or len(ids) > MOST:
            say(f"一次最多 {MOST} 个，请先筛选。" if ids else "先勾选要处理的，再点按钮。", "warn")
            return self._back()
        self.form.ids.data = ",".join(map(str, ids))
        target = self.form.target.data or ""
        if self.act.targets and target not in dict(self.choices):
            return self._page(ids, None)
        found = self._sorted(ids, target)
        if self.form.step.data != "do":
            return self._page(ids, found)
        if not self.form.validate():
            return self._page(ids, found, 422)
        if self.act.reason and not self.form.reason.data:
            self.form.reason.errors = ["写一句原因，会留下记录。"]
            return self._page(ids, found, 422)
        return self._do(ids, found, target)

    def _do(self, ids: list[int], found: _Sorted, target: str) -> Any:
        try:
            self.act.do(self.desk, found.rows, self.form.reason.data or "", target)
        except Refused as refused:
            self.desk.db.rollback()
            problem = f"刚才情况变了，一个也没有处理：{words.refusal(refused)}"
            return self._page(ids, self._sorted(ids, target), 409, problem)
        left = len(found.left_out) + found.gone
        tail = f"另外 {left} 个没有动。" if left else ""
        if found.rows:
            say(self.act.done(len(found.rows)) + tail)
        else:
            say("没有可以处理的，可能刚才已经做过了。", "warn")
        return self._back()

    def _ids(self) -> list[int] | None:
        """Which rows are meant; None for none."""
        key = self.act.entity.id
        if request.form.get("all") == "yes":
            query = self.asked.query.with_only_columns(key).limit(MOST + 1)
            return list(self.desk.db.scalars(query)) or None
        texts = [*request.form.getlist("pick"), *request.form.get("ids", "").split(",")]
        found = {number for text in texts if (number := whole(text)) is not None}
        return sorted(found) or None

    def _sorted(self, ids: list[int], target: str) -> _Sorted:
        found = _Sorted()
        query = self.asked.everything.where(self.act.entity.id.in_(ids)).order_by(None)
        query = query.order_by(self.act.entity.id)  # two who do it to the same rows hold them in one order
        rows = [row[0] for row in self.desk.db.execute(query)]
        for row in rows:
            why = self.act.judge(self.desk, row, target)
            if why is None:
                found.rows.append(row)
            else:
                found.left_out.append((self.act.called(row), why))
        found.gone = len(ids) - len(rows)
        return found

    def _page(self, ids: list[int], found: _Sorted | None, status: int = 200, problem: str = "") -> Any:
        return page(
            "bulk.html",
            status,
            act=self.act,
            count=len(ids),
            found=found,
            form=self.form,
            targets=dict(self.choices),
            problem=problem,
            back=self.back,
            values={**self.values, **self.asked.chosen},
            reason_length=REASON_LENGTH,
        )

    def _back(self) -> Any:
        return to(self.back, **self.values, **self.asked.chosen)
