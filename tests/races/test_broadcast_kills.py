"""F2: kill -9 of worker, web and Redis while a broadcast goes out. The phones and the rows agree afterwards.

By mass message everybody has it exactly once. By customer-service message nobody has it twice, and whoever may have
been missed is 未知. Meanwhile the web takes what the platform tells of its jobs, and other people's messages. The seed
is printed, and NIANGJIA_TEST_SEED=… draws the same moments.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from core.clock import utcnow
from core.config import Config
from models.broadcasts import Way
from tests.chat.waiting import until
from tests.races.crew import at_work, seeded
from tests.races.sending import QUICK, wait_until
from tests.tasks.campaign import CUSTOM, MASS, Campaign, opened

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

PEOPLE, KILLS = 1000, 20

WAYS = (Way.MASS, Way.CUSTOMER)
SLOW = {Way.MASS: 3.0, Way.CUSTOMER: 1.5}
"""Seconds that a call takes until the last kill, so that each kill meets a broadcast that goes out."""
PATIENT = QUICK | {"NIANGJIA_BROADCASTS__LEASE_SECONDS": "4"}
"""A batch is not taken for abandoned while its call is on its way."""


@pytest.fixture
def campaign(config: Config) -> Iterator[Campaign]:
    """On the real clock, with a platform that does its jobs at once."""
    with opened(config) as one:
        changes = {"mass_delay": 0.2, "client_id_pause": 0.5, "check_quotas": False}

        def hurry() -> None:
            for name, value in changes.items():
                setattr(one.platform.world.settings, name, value)

        one.platform.do(hurry)
        one.start_at = utcnow()
        yield one


@contextmanager
def somebody_talks(campaign: Campaign) -> Iterator[None]:
    """Somebody who is not in the audience asks for help again and again, and in the end is answered still."""
    phone = campaign.platform.phone(following=True)
    is_over = threading.Event()

    def talk() -> None:
        while not is_over.wait(0.1):
            phone.say("帮助")

    talker = threading.Thread(target=talk, daemon=True)
    talker.start()
    try:
        yield
    finally:
        is_over.set()
        talker.join(30)
    asked = sum(one.side == "worker" for one in phone.chat)
    heard = [one for one in phone.heard if "点一下，或直接打字" in one.text]
    assert 0 < len(heard) <= asked, f"{asked} were asked, {len(heard)} answered"
    assert phone.say("帮助").verdict == "reply", "nobody answers any more"


@pytest.mark.parametrize("way", WAYS)
def test_F2_a_thousand_people_and_twenty_kills_of_each(campaign: Campaign, way: Way) -> None:
    rng = seeded()
    campaign.people(PEOPLE, window=way is not Way.MASS)
    campaign.platform.fault(MASS, percent=10, reset_after=True)
    campaign.platform.fault(MASS, percent=10, reset_before=True)
    campaign.platform.fault(MASS if way is Way.MASS else CUSTOM, percent=100, delay=SLOW[way])
    with at_work(campaign.config, rng, PATIENT, workers=2) as crew:
        settings = campaign.platform.world.settings
        campaign.platform.do(setattr, settings, "callback_url", crew.callback_url)
        one = campaign.write(way=way)
        until(lambda: campaign.get(one).is_frozen and campaign.counts(one).get("waiting", 0) < PEOPLE, 60)

        def is_going_out() -> None:
            assert campaign.get(one).state == "sending", f"over after {crew.killed}"

        with somebody_talks(campaign):
            crew.strike(dict.fromkeys(("worker", "web", "redis"), KILLS), (0.05, 1.5), is_going_out)
            campaign.platform.do(campaign.platform.world.faults.clear)
            before = campaign.counts(one)
            wait_until(campaign, one, 120)
        campaign.platform.settle_jobs()
    counts = campaign.counts(one)
    batches = campaign.batches(one)
    told = [batch for batch in batches if batch.total is not None]
    print(f"{dict(crew.killed)} until {before}; {counts}, {len(told)} of {len(batches)} jobs told")  # noqa: T201
    assert sum(counts.values()) == PEOPLE
    if way is Way.MASS:
        assert counts == {"sent": PEOPLE}
        assert len({batch.client_id for batch in batches}) == len(batches)
        assert told, "the web took no report of a job"
        assert all(batch.total == batch.sent == batch.size for batch in told)
    else:
        assert set(counts) <= {"sent", "unknown"}
        threads = campaign.config.worker.threads
        assert counts.get("unknown", 0) <= threads * crew.killed["worker"]  # who was being written to then
    campaign.check(one, exact=way is Way.MASS)
