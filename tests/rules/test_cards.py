"""E1: a card's token is random and says nothing; re-issuing voids the paper; codes are renewed before they end."""

from __future__ import annotations

import base64
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from core.config import Config
from core.errors import Refused
from models.matchmaking import Card, Profile, ProfileState, Wall
from qr.scenes import CardScene, unpack
from rules.matchmaking import cards, looking, profiles, walls
from tests.rules.cast import NOW, Town
from tests.rules.test_profile_moves import refused


@dataclass(frozen=True)
class Code:
    url: str
    expires_at: datetime | None


class Gone(Exception):
    """What the platform might raise."""


@dataclass
class Maker:
    """Makes codes as the platform does, and fails when told to; notes what it was asked."""

    fails_after: int = 10**9
    asked: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def create_code(self, scene: str, expire_seconds: int | None, *, now: datetime | None = None) -> Code:
        assert expire_seconds
        assert now
        with self.lock:
            if len(self.asked) >= self.fails_after:
                raise Gone
            self.asked.append(scene)
            number = len(self.asked)
        return Code(f"http://weixin.qq.com/q/{number}", now + timedelta(seconds=expire_seconds))


@pytest.fixture
def wall(town: Town) -> Wall:
    return town.wall(1, "90后")


def test_E1_tokens_have_128_random_bits_and_say_nothing(town: Town, wall: Wall) -> None:
    made = [town.listed(wall, nickname="小禾") for _ in range(50)]
    tokens = {card.token for card in made}
    assert len(tokens) == 50
    assert all(len(base64.urlsafe_b64decode(token + "==")) == 16 for token in tokens)
    for card in made:
        scene = CardScene(card.token).pack()
        assert unpack(scene) == CardScene(card.token)
        for secret in (card.profile.worker.openid, "小禾", "13800000000", str(card.id).zfill(4)):
            assert secret not in scene


def test_E1_reissuing_voids_the_old_code_and_keeps_the_place(town: Town, wall: Wall, config: Config) -> None:
    maker, scanner = Maker(), town.worker()
    town.listed(wall)
    old = town.listed(wall)
    town.db.commit()
    cards.renew_codes(town.engine, wall, maker, now=NOW, config=config)
    fresh = cards.reissue(town.db, old, now=NOW)
    assert fresh.token != old.token
    assert (fresh.wall_id, fresh.place) == (old.wall_id, old.place)
    assert (fresh.url, fresh.printed_at) == (None, None)
    assert old.revoked_at == NOW
    assert looking.card(town.db, scanner.id, fresh.token).card_id == fresh.id
    with refused("card_gone"):
        looking.card(town.db, scanner.id, old.token)
    with refused("card_revoked"):
        cards.reissue(town.db, old, now=NOW)


def test_E1_revoked_unknown_withdrawn_and_paused_cards_are_refused_alike(town: Town, wall: Wall) -> None:
    scanner = town.worker()
    revoked, withdrawn, paused = town.listed(wall), town.listed(wall), town.listed(wall)
    cards.revoke(town.db, revoked, now=NOW)
    profiles.move(town.db, withdrawn.profile, ProfileState.WITHDRAWN, now=NOW)
    profiles.move(town.db, paused.profile, ProfileState.PAUSED, now=NOW)
    said = set()
    for token in (revoked.token, withdrawn.token, paused.token, "A" * 22):
        with pytest.raises(Refused) as no:
            looking.card(town.db, scanner.id, token)
        said.add((no.value.code, tuple(no.value.facts)))
    assert said == {("card_gone", ())}


def test_revoking_twice_is_revoking_once(town: Town, wall: Wall) -> None:
    card = town.listed(wall)
    cards.revoke(town.db, card, now=NOW)
    cards.revoke(town.db, card, now=NOW + timedelta(hours=1))
    assert card.revoked_at == NOW


def test_a_card_takes_the_lowest_free_place(town: Town, wall: Wall) -> None:
    made = [town.listed(wall) for _ in range(4)]
    assert [card.position for card in made] == [1, 2, 3, 4]
    cards.revoke(town.db, made[1], now=NOW)
    assert town.listed(wall).position == 2
    assert town.listed(wall).position == 5
    cards.revoke(town.db, made[0], now=NOW)
    assert cards.free_position(town.db, wall) == 1


def test_a_profile_has_one_card(town: Town, wall: Wall) -> None:
    card = town.listed(wall)
    with refused("card_exists"):
        cards.issue(town.db, card.profile, town.wall(2, "80后"), now=NOW)


def test_many_at_once_get_different_places_and_one_person_one_card(town: Town, wall: Wall) -> None:
    """Races: 12 profiles and 4 approvals each of the same profile, from separate connections."""
    people = []
    for _ in range(12):
        profile = town.profile()
        profiles.move(town.db, profile, ProfileState.LISTED, now=NOW)
        people.append(profile.id)
    town.db.commit()
    wall_id = wall.id

    def hang(profile_id: int) -> str:
        with Session(town.engine) as db:
            try:
                cards.issue(db, db.get_one(Profile, profile_id), db.get_one(Wall, wall_id), now=NOW)
            except Refused as no:
                db.rollback()
                return no.code
            db.commit()
            return "hung"

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(hang, people * 4))
    assert sorted(outcomes) == ["card_exists"] * 36 + ["hung"] * 12
    positions = town.db.scalars(
        select(Card.position).where(Card.revoked_at.is_(None)).order_by(Card.position)
    )
    assert list(positions) == list(range(1, 13))


# Codes


def test_a_code_is_made_once_and_renewed_before_it_ends_and_the_paper_with_it(
    town: Town, wall: Wall, config: Config
) -> None:
    maker, card, rules = Maker(), town.listed(wall), config.matchmaking
    town.db.commit()

    def renewed(now: datetime) -> int:
        made = cards.renew_codes(town.engine, wall, maker, now=now, config=config)
        town.db.commit()
        town.db.refresh(card)
        return made

    assert [renewed(NOW), renewed(NOW)] == [1, 0]
    assert maker.asked == [CardScene(card.token).pack()]
    assert card.url_expires_at == NOW + timedelta(days=rules.code_days)
    walls.mark_printed(town.db, [(card.id, card.url or "")], now=NOW)
    enough = NOW + timedelta(days=rules.code_days - rules.code_renew_days)
    late = enough + timedelta(seconds=1)
    assert (renewed(enough), card.printed_at, cards.needs_code(card, now=enough, config=config)) == (
        0,
        NOW,
        False,
    )
    assert cards.needs_code(card, now=late, config=config)
    assert (renewed(late), card.printed_at, card.url) == (1, None, "http://weixin.qq.com/q/2")


def test_nobody_waits_for_a_lock_while_we_wait_for_wechat(town: Town, wall: Wall, config: Config) -> None:
    card = town.listed(wall)
    town.db.commit()

    class Slow(Maker):
        def create_code(self, scene: str, expire_seconds: int | None, *, now: datetime | None = None) -> Code:
            with Session(town.engine) as other:  # somebody else writes meanwhile, and is not held up
                other.get_one(Card, card.id).printed_at = NOW
                other.commit()
            return super().create_code(scene, expire_seconds, now=now)

    assert cards.renew_codes(town.engine, wall, Slow(), now=NOW, config=config) == 1


def with_code(engine: Engine) -> int:
    with Session(engine) as db:
        return db.scalar(select(func.count(Card.id)).where(Card.url.is_not(None))) or 0


@pytest.mark.slow
def test_a_wall_of_codes_survives_an_error_and_goes_on_where_it_stopped(
    town: Town, wall: Wall, config: Config
) -> None:
    made = [town.listed(wall) for _ in range(100)]
    town.db.commit()
    maker = Maker(fails_after=63)
    with pytest.raises(Gone):
        cards.renew_codes(town.engine, wall, maker, now=NOW, config=config)
    assert with_code(town.engine) == 63
    maker.fails_after = 10**9
    assert cards.renew_codes(town.engine, wall, maker, now=NOW, config=config) == 37
    assert sorted(maker.asked) == sorted(CardScene(card.token).pack() for card in made)
    assert cards.renew_codes(town.engine, wall, maker, now=NOW, config=config) == 0


def test_a_card_revoked_while_its_code_is_made_keeps_none(town: Town, wall: Wall, config: Config) -> None:
    card = town.listed(wall)
    town.db.commit()

    class Revoker(Maker):
        def create_code(self, scene: str, expire_seconds: int | None, *, now: datetime | None = None) -> Code:
            with Session(town.engine) as db:
                cards.revoke(db, db.get_one(Card, card.id), now=NOW)
                db.commit()
            return super().create_code(scene, expire_seconds, now=now)

    assert cards.renew_codes(town.engine, wall, Revoker(), now=NOW, config=config) == 0
    assert with_code(town.engine) == 0
