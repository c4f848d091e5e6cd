"""Figures of the weeks: nothing from which somebody could work out what fewer than five people did."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from models.events import CheckIn
from models.figures import CountedWeek, Figure, Tally
from rules import figures
from rules.figures import LEAST, ROUGH, WEEKS, Kind, monday
from tests.rules.cast import NOW, Town

Tree = dict[int, int | None]


@st.composite
def counted(draw: st.DrawFn, most: int = 7) -> tuple[Tree, dict[int, int]]:
    """A tree of unions, each with a count of its own; small ones are what it is about."""
    size = draw(st.integers(1, most))
    tree: Tree = {1: None}
    for union in range(2, size + 1):
        tree[union] = draw(st.integers(1, union - 1))
    own = {union: draw(st.one_of(st.integers(0, 6), st.integers(0, 60))) for union in tree}
    return tree, own


def within(tree: Tree, top: int) -> frozenset[int]:
    """A union and all below it."""
    found = {top}
    for union, above in tree.items():  # those above come first
        if above in found:
            found.add(union)
    return frozenset(found)


@settings(max_examples=300, deadline=None)
@given(counted())
def test_no_sum_and_no_difference_of_what_is_shown_is_small(case: tuple[Tree, dict[int, int]]) -> None:
    """Everything that can be added and taken away, and comes to the count of some unions, is tried."""
    tree, own = case
    shown = figures.shown(tree, own)
    groups = {union: within(tree, union) for union in shown}
    for union, total in shown.items():
        assert total == sum(own[one] for one in groups[union])
    for signs in itertools.product((-1, 0, 1), repeat=len(shown)):
        weight = dict.fromkeys(tree, 0)
        for sign, union in zip(signs, shown, strict=True):
            for one in groups[union]:
                weight[one] += sign
        if set(weight.values()) <= {0, 1} and 1 in weight.values():
            found = sum(own[one] for one in tree if weight[one])
            assert found == 0 or found >= LEAST, (tree, own, shown)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(counted(most=40))
def test_the_whole_is_shown_and_so_is_what_gives_nothing_away(case: tuple[Tree, dict[int, int]]) -> None:
    tree, own = case
    shown = figures.shown(tree, own)
    total = sum(own.values())
    assert (1 in shown) == (total >= LEAST)
    if all(number >= LEAST for number in own.values()):
        assert set(shown) == set(tree)
    assert all(number % ROUGH == 0 and number for number in figures.rough(tree, own).values())


def count_week(town: Town, weeks: int = 0) -> None:
    town.db.flush()
    figures.count(town.db, monday(NOW) - timedelta(weeks=weeks), now=NOW)


def of(town: Town, kind: Kind, weeks: int = 0) -> dict[int, int]:
    week = monday(NOW) - timedelta(weeks=weeks)
    rows = town.db.scalars(select(Figure).where(Figure.kind == kind, Figure.week == week))
    return {row.organisation_id: row.count for row in rows}


def check_in(town: Town, number: int, union: str) -> None:
    for _ in range(number):
        worker = town.worker(getattr(town, union))
        town.db.add(CheckIn(event_id=town.fair.id, worker_id=worker.id, at=NOW - timedelta(weeks=1)))


def test_a_week_that_is_over_is_counted_by_union(town: Town) -> None:
    check_in(town, 7, "north")
    check_in(town, 6, "south")
    count_week(town, 1)
    counts = of(town, Kind.CHECKINS, 1)
    assert (counts[town.north.id], counts[town.south.id], counts[town.city.id]) == (7, 6, 13)


def test_a_small_district_hides_another_one(town: Town) -> None:
    check_in(town, 7, "north")
    check_in(town, 3, "south")
    count_week(town, 1)
    counts = of(town, Kind.CHECKINS, 1)
    assert counts[town.city.id] == 10
    assert town.north.id not in counts, "10 - 7 would tell of three"
    assert town.south.id not in counts


def test_messages_are_added_up_and_their_people_are_active_once(town: Town) -> None:
    openids = [town.worker(town.north).openid for _ in range(12)]
    town.db.flush()
    for _ in range(2):
        figures.hear(town.db, dict.fromkeys(openids, 3) | {"nobody we know": 9}, now=NOW)
    count_week(town)
    assert of(town, Kind.MESSAGES)[town.north.id] == 70, "72, in steps of ten while the week lasts"
    assert of(town, Kind.ACTIVE)[town.north.id] == 10
    later = NOW + timedelta(weeks=1)
    figures.hear(town.db, dict.fromkeys(openids[:6], 1), now=later)
    figures.count(town.db, monday(NOW), now=later)
    assert of(town, Kind.MESSAGES)[town.north.id] == 72
    assert of(town, Kind.ACTIVE)[town.north.id] == 12, "who wrote again since counts for last week, too"


def test_the_schedule_catches_up_and_leaves_what_is_counted_alone(town: Town) -> None:
    check_in(town, 9, "north")
    town.db.flush()
    assert sum(iter(lambda: figures.catch_up(town.db, now=NOW), 0)) == WEEKS
    assert len(town.db.scalars(select(CountedWeek)).all()) == WEEKS
    assert of(town, Kind.CHECKINS, 1)[town.north.id] == 9
    check_in(town, 9, "north")
    town.db.flush()
    assert figures.catch_up(town.db, now=NOW) == 0
    assert of(town, Kind.CHECKINS, 1)[town.north.id] == 9, "a figure that moved would tell by how much"
    assert town.db.scalars(select(Tally).where(Tally.kind == Kind.FOLLOWERS)).all()
