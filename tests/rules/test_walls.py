"""Walls: where a card belongs, what must be printed, and how often it was scanned."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import update

from models.events import Event
from models.matchmaking import Card, ProfileState
from qr.scenes import new_token
from rules.matchmaking import cards, layout, looking, profiles, walls
from tests.rules.cast import NOW, Town
from tests.rules.test_profile_moves import refused


@pytest.mark.parametrize(
    ("title", "years"),
    [
        ("70后", range(1970, 1980)),
        ("90后 · 东区", range(1990, 2000)),
        ("95后", range(1995, 2000)),
        ("00后", range(2000, 2010)),
        ("05 后", range(2005, 2010)),
        ("优质单身", None),
        ("新临湖人", None),
        ("1990后勤", None),
    ],
)
def test_a_section_says_which_years_it_is_for(title: str, years: range | None) -> None:
    assert walls.born_in(title) == years


def test_a_card_hangs_in_its_section_where_there_is_most_room(town: Town) -> None:
    first, second = town.wall(1, "90后"), town.wall(2, "90后")
    young, rest = town.wall(3, "95后"), town.wall(4, "优质单身")
    places = [town.listed(birth_year=year).wall for year in (1991, 1992, 1993, 1997, 1965)]
    assert places == [first, second, first, young, rest]


def test_without_a_fitting_section_any_wall_will_do(town: Town) -> None:
    wall = town.wall(1, "70后")
    assert walls.choose(town.db, town.fair, 1999) is wall


def test_a_fair_without_walls_hangs_nothing(town: Town) -> None:
    assert walls.choose(town.db, town.fair, 1991) is None
    profile = town.profile()
    assert walls.hang(town.db, profile, now=NOW) is None


def test_two_walls_never_share_a_number(town: Town) -> None:
    town.wall(1, "90后")
    with refused("wall_taken"):
        town.wall(1, "80后")
    with refused("no_such_wall"):
        walls.numbered(town.db, town.fair, 2)


def test_at_the_next_fair_everybody_gets_a_new_card(town: Town) -> None:
    town.wall(1, "90后")
    old, paused = town.listed(), town.listed()
    profiles.move(town.db, paused.profile, ProfileState.PAUSED, now=NOW)
    later = town.fair.ends_at + timedelta(days=30)
    assert walls.without_card(town.db, now=NOW) == []
    fair = Event(
        organisation_id=town.city.id,
        kind="fair",
        title="春天的相亲会",
        place="临湖体育馆",
        starts_at=later,
        ends_at=later + timedelta(days=1),
        tables=10,
        token=new_token(),
    )
    town.db.add(fair)
    town.db.flush()
    wall = walls.lay_out(town.db, fair, 1, "90后")
    assert walls.without_card(town.db, now=later) == [old.profile]
    card = walls.hang(town.db, old.profile, now=later)
    assert card
    assert card.wall is wall
    assert old.revoked_at == later
    assert walls.without_card(town.db, now=later) == []


def printed(town: Town, *made: Card) -> None:
    for number, card in enumerate(made):
        card.url = card.url or f"http://weixin.qq.com/q/{number}"
    town.db.flush()
    walls.mark_printed(town.db, [(card.id, card.url or "") for card in made], now=NOW)


def test_only_what_changed_is_printed_again(town: Town) -> None:
    wall = town.wall(1, "90后")
    same, edited, reissued, renewed, paused = (town.listed(wall) for _ in range(5))
    assert walls.to_print(town.db, wall, only_changed=True) == [same, edited, reissued, renewed, paused]
    printed(town, same, edited, reissued, renewed, paused)
    town.db.expire_all()
    assert walls.to_print(town.db, wall, only_changed=True) == []
    later = NOW + timedelta(hours=1)
    profiles.move(town.db, edited.profile, ProfileState.IN_REVIEW, now=later)
    profiles.approve(town.db, edited.profile, staff=town.staff("lin", town.city), now=later)
    fresh = cards.reissue(town.db, reissued, now=later)
    renewed.printed_at = None
    profiles.move(town.db, paused.profile, ProfileState.PAUSED, now=later)
    assert walls.to_print(town.db, wall, only_changed=True) == [edited, fresh, renewed]
    assert walls.to_print(town.db, wall) == [same, edited, fresh, renewed]
    (row,) = walls.count(town.db, town.fair)
    assert (row.cards, row.to_print) == (4, 3)


def test_a_code_renewed_while_its_sheet_was_drawn_is_printed_again(town: Town) -> None:
    wall = town.wall(1, "90后")
    card = town.listed(wall)
    card.url = "http://weixin.qq.com/q/new"
    town.db.flush()
    walls.mark_printed(town.db, [(card.id, "http://weixin.qq.com/q/old")], now=NOW)
    assert walls.to_print(town.db, wall, only_changed=True) == [card]


def test_scans_are_counted_by_card_and_by_person(town: Town) -> None:
    wall, other = town.wall(1, "90后"), town.wall(2, "80后")
    quiet, loud = town.listed(wall), town.listed(wall)
    town.listed(other)
    one, two = town.worker(), town.worker()
    for number, scanner in enumerate((one, one, two)):
        for _twice in range(2):
            looking.note(town.db, scanner.id, loud.id, key=str(number), now=NOW)
    assert [(row.card, row.scans, row.people) for row in walls.scans(town.db, wall)] == [
        (quiet, 0, 0),
        (loud, 3, 2),
    ], "in the order of the wall, since fewer than five looked"
    assert [(row.wall, row.cards, row.scans) for row in walls.count(town.db, town.fair)] == [
        (wall, 2, 3),
        (other, 1, 0),
    ]


def test_a_card_that_somebody_took_to_another_wall_meanwhile_is_left_where_it_is(town: Town) -> None:
    first, second, third = (town.wall(number, "90后") for number in (1, 2, 3))
    card, staff = town.listed(first), town.staff("lin", town.city)
    taken = update(Card).where(Card.id == card.id).values(wall_id=third.id)
    moves: tuple[Callable[[], object], ...] = (
        lambda: layout.move_to(town.db, staff, card, second, now=NOW),
        lambda: layout.move(town.db, staff, card, 7, now=NOW),
    )
    for move in moves:
        card.wall_id = first.id
        town.db.flush()
        town.db.execute(taken.execution_options(synchronize_session=False))
        with refused("wall_busy"):
            move()
        assert (card.wall_id, card.position) == (third.id, 1)
