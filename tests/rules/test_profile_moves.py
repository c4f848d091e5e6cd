"""A profile moves by one table, each move and each act of staff leaves a row, and reach ends where a union ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import Refused
from models.audit import Audit
from models.matchmaking import MeetRequest, Profile, ProfileMove, ProfileState, RequestState
from models.messages import Handover, Notice
from models.people import Staff
from rules import conversations, organisations
from rules.matchmaking import cards, profiles, reviewing
from tests.rules.cast import NOW, Town

S = ProfileState


def refused(code: str) -> pytest.RaisesExc[Refused]:
    return pytest.RaisesExc(Refused, check=lambda error: error.code == code)


def waiting(town: Town, staff: Staff) -> list[Profile]:
    return list(town.db.scalars(reviewing.queue(town.db, staff, now=NOW)))


def handed(town: Town, staff: Staff) -> list[Handover]:
    return list(town.db.scalars(conversations.queue(town.db, staff, now=NOW)))


def told(db: Session, profile: Profile) -> list[Notice]:
    return list(db.scalars(select(Notice).where(Notice.worker_id == profile.worker_id).order_by(Notice.id)))


def test_every_state_can_be_reached_and_left() -> None:
    assert set(profiles.MOVES) == set(S)
    reached = {after for afters in profiles.MOVES.values() for after in afters}
    assert reached == set(S)
    assert all(profiles.MOVES.values())


@pytest.mark.parametrize("before", list(S))
@pytest.mark.parametrize("after", list(S))
def test_moves_are_those_of_the_table(town: Town, before: S, after: S) -> None:
    profile = town.profile()
    profile.state = before
    town.db.flush()
    if after in profiles.MOVES[before]:
        profiles.move(town.db, profile, after, now=NOW)
        assert profile.state == after
    else:
        with refused("profile_move"):
            profiles.move(town.db, profile, after, now=NOW)
        assert profile.state == before


@pytest.mark.parametrize("before", [S.IN_REVIEW, S.REFUSED, S.WITHDRAWN])
def test_nobody_lists_themself(town: Town, before: S) -> None:
    profile = town.profile()
    profile.state = before
    for act in (profiles.pause, profiles.resume):
        with refused("profile_move"):
            act(town.db, profile, now=NOW)
    assert profile.state == before


def test_a_listed_profile_is_hidden_and_shown_again(town: Town) -> None:
    profile = town.profile()
    profiles.approve(town.db, profile, staff=town.staff("lin", town.city), now=NOW)
    for act, after in (
        (profiles.pause, S.PAUSED),
        (profiles.pause, S.PAUSED),
        (profiles.resume, S.LISTED),
        (profiles.resume, S.LISTED),
    ):
        act(town.db, profile, now=NOW)
        assert profile.state == after


def test_each_move_leaves_a_row(town: Town) -> None:
    profile = town.profile()
    officer = town.staff("lin", town.city)
    profiles.approve(town.db, profile, staff=officer, now=NOW)
    profiles.move(town.db, profile, S.IN_REVIEW, now=NOW)
    profiles.refuse(town.db, profile, staff=officer, reason="一句话里有电话", now=NOW)
    rows = town.db.scalars(select(ProfileMove).order_by(ProfileMove.id)).all()
    assert [(row.before, row.after, row.staff_id, row.reason) for row in rows] == [
        (None, "in_review", None, None),
        ("in_review", "listed", officer.id, None),
        ("listed", "in_review", None, None),
        ("in_review", "refused", officer.id, "一句话里有电话"),
    ]


def test_of_two_who_review_at_once_the_second_is_refused(town: Town) -> None:
    profile, officer = town.profile(), town.staff("lin", town.city)
    town.db.commit()
    with Session(town.engine) as other:
        other.get_one(Profile, profile.id).state  # noqa: B018 - loaded before the first is done
        late = other.get_one(Profile, profile.id)
        assert profile.state == S.IN_REVIEW
        profiles.approve(town.db, profile, staff=officer, now=NOW)
        town.db.commit()
        with refused("profile_move"):
            profiles.refuse(other, late, staff=other.merge(officer), reason="晚了", now=NOW)


def test_approving_tells_the_person_and_hangs_the_card(town: Town) -> None:
    town.wall(1, "90后")
    profile, officer = town.profile(), town.staff("lin", town.north)
    profiles.approve(town.db, profile, staff=officer, now=NOW)
    card = cards.live_card(town.db, profile)
    assert card
    assert (card.wall.number, card.place) == (1, "A-01")
    assert profile.listed_at == NOW
    (notice,) = told(town.db, profile)
    assert (notice.kind, notice.facts) == ("profile_listed", {"card_id": card.id})
    (act,) = town.db.scalars(select(Audit)).all()
    assert (act.staff_id, act.act, act.subject) == (officer.id, "profile_approve", f"profile:{profile.id}")
    assert (act.before, act.after) == ({"state": "in_review"}, {"state": "listed", "card": card.id})


def test_without_a_fair_a_profile_is_listed_without_a_card(town: Town) -> None:
    town.fair.ends_at = NOW
    profile = town.profile()
    profiles.approve(town.db, profile, staff=town.staff("lin", town.north), now=NOW)
    assert profile.is_listed
    assert told(town.db, profile)[0].facts["card_id"] is None


def test_approving_passes_on_the_wishes_that_waited(town: Town) -> None:
    wall = town.wall(1, "90后")
    card = town.listed(wall, nickname="小满")
    asker = town.profile(nickname="阿岳", sex="m")
    wish = MeetRequest(
        asker_id=asker.worker_id,
        asked_id=card.profile.worker_id,
        card_id=card.id,
        state=RequestState.WAITING,
        asked_at=NOW,
        expires_at=NOW + timedelta(hours=1),
    )
    town.db.add(wish)
    town.db.flush()
    profiles.approve(town.db, asker, staff=town.staff("lin", town.city), now=NOW)
    assert wish.state == RequestState.OPEN
    assert [notice.kind for notice in told(town.db, card.profile)] == ["meet_asked"]


def test_E11_an_edit_is_reviewed_again_and_keeps_its_place(town: Town) -> None:
    town.wall(1, "90后")
    profile, officer = town.profile(), town.staff("lin", town.city)
    profiles.approve(town.db, profile, staff=officer, now=NOW)
    card = cards.live_card(town.db, profile)
    profiles.move(town.db, profile, S.IN_REVIEW, now=NOW)
    assert not profile.is_listed
    profiles.approve(town.db, profile, staff=officer, now=NOW + timedelta(hours=1))
    assert cards.live_card(town.db, profile) is card


def test_E11_nobody_reviews_themself(town: Town) -> None:
    worker = town.worker(town.north)
    profile = town.profile(worker)
    officer = town.staff("lin", town.city, worker=worker)
    with refused("own_profile"):
        profiles.approve(town.db, profile, staff=officer, now=NOW)
    with refused("own_profile"):
        profiles.refuse(town.db, profile, staff=officer, reason="改一下", now=NOW)
    assert waiting(town, officer) == []
    assert profile.state == S.IN_REVIEW


@pytest.mark.parametrize("reason", ["", "  \n", "\u200b\u3164", "\udcff"])
def test_a_refusal_needs_a_reason(town: Town, reason: str) -> None:
    profile = town.profile()
    with refused("reason_needed"):
        profiles.refuse(town.db, profile, staff=town.staff("lin", town.city), reason=reason, now=NOW)
    assert profile.state == S.IN_REVIEW


def test_a_refusal_reaches_the_person_with_its_reason(town: Town) -> None:
    profile, officer = town.profile(), town.staff("lin", town.city)
    profiles.refuse(town.db, profile, staff=officer, reason=" 称呼像\u202e真名\x1b\n", now=NOW)
    (notice,) = told(town.db, profile)
    assert (notice.kind, notice.facts["reason"]) == ("profile_refused", "称呼像真名")
    (act,) = town.db.scalars(select(Audit)).all()
    assert (act.act, act.reason) == ("profile_refuse", "称呼像真名")
    assert cards.live_card(town.db, profile) is None


def test_the_next_district_sees_and_does_nothing(town: Town) -> None:
    town.wall(1, "90后")
    profile = town.profile(town.worker(town.north))
    town.db.add(Handover(worker_id=profile.worker_id, at=NOW, about="profile", message_key="k1"))
    neighbour = town.staff("chen", town.south)
    with refused("not_found"):
        profiles.approve(town.db, profile, staff=neighbour, now=NOW)
    with refused("not_found"):
        profiles.refuse(town.db, profile, staff=neighbour, reason="不行", now=NOW)
    assert waiting(town, neighbour) == []
    assert handed(town, neighbour) == []
    assert profile.state == S.IN_REVIEW
    for officer in (town.staff("lin", town.north), town.staff("zhou", town.city)):
        assert waiting(town, officer) == [profile]
        assert len(handed(town, officer)) == 1


@pytest.mark.parametrize("role", ["professional", "duty", "clerk"])
def test_who_has_no_right_to_review_reviews_nothing(town: Town, role: str) -> None:
    profile, professional = town.profile(), town.staff("xu", town.city, role)
    with refused("not_found"):
        profiles.approve(town.db, profile, staff=professional, now=NOW)
    with refused("not_found"):
        waiting(town, professional)


def test_somebody_without_a_union_belongs_to_the_union_of_the_fair(town: Town) -> None:
    profile = town.profile(town.worker(None))
    assert organisations.of_worker(town.db, profile.worker, now=NOW) is town.city
    with refused("not_found"):
        profiles.approve(town.db, profile, staff=town.staff("lin", town.north), now=NOW)
    officer = town.staff("zhou", town.city)
    assert waiting(town, officer) == [profile]
    profiles.approve(town.db, profile, staff=officer, now=NOW)
    assert profile.is_listed


def test_without_a_fair_only_the_top_reaches_somebody_without_a_union(town: Town) -> None:
    town.fair.ends_at = NOW
    profile = town.profile(town.worker(None))
    assert waiting(town, town.staff("zhou", town.city)) == []
    province = organisations.named(town.db, "云栖省总工会")
    assert province
    assert waiting(town, town.staff("he", province)) == [profile]


def test_E10_withdrawing_voids_the_card_and_erases_the_contact(town: Town) -> None:
    card = town.listed(town.wall(1, "90后"))
    profiles.move(town.db, card.profile, S.WITHDRAWN, now=NOW)
    town.db.flush()
    town.db.expire_all()
    assert card.revoked_at == NOW
    assert card.profile.contact is None


def test_an_organisation_is_added_below_another_down_to_the_fourth_level(town: Town) -> None:
    street = organisations.add(town.db, "洪和镇总工会", town.north)
    assert street.level == 4
    assert town.north.has_within(street)
    assert not town.south.has_within(street)
    with refused("too_deep"):
        organisations.add(town.db, "某车间工会", street)
    with refused("name_taken"):
        organisations.add(town.db, "洪和镇总工会", town.south)


def test_a_fair_of_the_next_city_is_not_ours(town: Town) -> None:
    elsewhere = organisations.add(town.db, "青屿市总工会", organisations.named(town.db, "云栖省总工会"))
    assert organisations.fair_for(town.db, elsewhere, now=NOW) is None
    assert organisations.fair_for(town.db, town.north, now=NOW) is town.fair
