"""F1 to F4, F10 over random histories: what the phones heard and what the rows say never disagree.

The seed is in the test's name; a history is replayed by running that test alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.platform_errors import OutcomeUnknown, PlatformError
from core.errors import Refused
from models.broadcasts import Broadcast, Topic, Way
from models.people import Worker
from rules import people, staff
from rules.broadcasts import batches, life, mutes, results
from tests.tasks.campaign import CUSTOM, MASS, Campaign

PEOPLE = 18
FAULTS = (-1, 45011, 45009)
ASKED_TOO_SOON = 45066


class History:
    """Random acts of staff, people, the platform and death."""

    def __init__(self, campaign: Campaign, way: Way, seed: int) -> None:
        self.campaign = campaign
        self.rng = random.Random(seed)
        self.way = way
        campaign.people(PEOPLE, window=way is not Way.MASS)
        self.one = campaign.write(way=way)
        self.acts: list[Callable[[], object]] = [
            *[self.step] * 8,
            self.fault,
            self.pause,
            self.resume,
            self.advance,
            self.dies,
            self.leaves,
            self.mutes,
            self.reports,
            campaign.sweep,
        ]

    def run(self, acts: int) -> None:
        for _ in range(acts):
            self.rng.choice(self.acts)()
            self.campaign.check(self.one, exact=False)

    def step(self) -> None:
        self.campaign.step(self.one)

    def fault(self) -> None:
        path = MASS if self.way is Way.MASS else CUSTOM
        kinds: list[dict[str, Any]] = [{"errcode": code} for code in FAULTS]
        spec = self.rng.choice([*kinds, {"reset_after": True}, {"reset_before": True}])
        self.campaign.platform.fault(path, times=self.rng.randint(1, 2), **spec)

    def _try(self, rule: Callable[..., None]) -> None:
        try:
            self.campaign.change(self.one, rule)
        except Refused as refused:
            assert refused.code == "broadcast_move"  # noqa: PT017

    def pause(self) -> None:
        self._try(life.pause)

    def resume(self) -> None:
        self._try(life.resume)

    def advance(self) -> None:
        self.campaign.platform.advance(self.rng.choice([1, 20, 70, 400]))
        self.campaign.platform.settle_jobs()

    def dies(self) -> None:
        """A worker claims, and is gone before or after its call."""
        campaign = self.campaign
        with Session(campaign.engine) as db:
            broadcast = db.get_one(Broadcast, self.one)
            if broadcast.state != "sending" or not broadcast.is_frozen:
                return
            call = batches.take(db, broadcast, now=campaign.now, pace=campaign.post.pace())
            db.commit()
            openids = batches.openids(db, call.batch_id) if call else []
            text = life.words(db, broadcast).body["text"]
        if call and self.rng.random() < 0.5:
            content = {"msgtype": "text", "text": {"content": text}}
            try:
                campaign.client.send_mass(openids, content, call.client_id)
            except OutcomeUnknown:
                return  # the worker is dead anyway
            except PlatformError as error:
                assert error.code in (*FAULTS, ASKED_TOO_SOON)  # noqa: PT017

    def _somebody(self, act: Callable[[Session, Worker], None]) -> None:
        with Session(self.campaign.engine) as db:
            act(db, self.rng.choice(list(db.scalars(select(Worker).order_by(Worker.id)))))
            db.commit()

    def leaves(self) -> None:
        self._somebody(lambda db, worker: people.unfollow(db, worker, now=self.campaign.now))

    def mutes(self) -> None:
        self._somebody(lambda db, worker: mutes.mute(db, worker.id, tuple(Topic), now=self.campaign.now))

    def reports(self) -> None:
        """The platform tells what it did, once more or for the first time."""
        for number, mass in self.campaign.platform.state.misc.get("mass", {}).items():
            if mass["status"] == "SEND_SUCCESS":
                self.campaign.tell(int(number), size=mass["total"])

    def end(self) -> None:
        """Everything becomes quiet; the broadcast comes to its end."""
        campaign = self.campaign
        campaign.platform.do(campaign.platform.world.faults.clear)
        for _ in range(30):
            if campaign.get(self.one).state == "done":
                return
            campaign.platform.advance(100)
            campaign.platform.settle_jobs()
            self.resume()
            campaign.work(self.one)
        raise AssertionError(f"{campaign.get(self.one).state}: {campaign.counts(self.one)}")


@pytest.mark.parametrize("way", list(Way))
@pytest.mark.parametrize("seed", range(3))
def test_F2_phones_and_rows_agree_over_any_history(campaign: Campaign, way: Way, seed: int) -> None:
    history = History(campaign, way, seed)
    history.run(40)
    history.end()
    counts = campaign.counts(history.one)
    assert sum(counts.values()) == PEOPLE
    assert set(counts) <= {"sent", "skipped", "unknown", "failed"}
    if way is Way.MASS:
        assert "unknown" not in counts
    campaign.check(history.one, exact=False)
    with Session(campaign.engine) as db:
        broadcast = db.get_one(Broadcast, history.one)
        lin = staff.by_login(db, "lin")
        unknown = results.settle_unknown(db, broadcast, lin, arrived=True, now=campaign.now)
        assert unknown == counts.get("unknown", 0)
