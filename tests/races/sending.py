"""What tests of broadcasts under fire share: quick settings, and waiting for the end."""

from __future__ import annotations

import time

from tests.tasks.campaign import Campaign

QUICK = {
    "NIANGJIA_BROADCASTS__BATCH_SIZE": "2",
    "NIANGJIA_BROADCASTS__SLICE_SIZE": "100",
    "NIANGJIA_BROADCASTS__CALLS_PER_MINUTE": "100000",
    "NIANGJIA_BROADCASTS__LEASE_SECONDS": "2",
    "NIANGJIA_BROADCASTS__REPEAT_SECONDS": "1",
    "NIANGJIA_BROADCASTS__ASK_AFTER_SECONDS": "4",
}


def wait_until(campaign: Campaign, broadcast_id: int, seconds: float) -> None:
    """Until the broadcast is done; what stands where is told when it is not."""
    deadline = time.monotonic() + seconds
    while campaign.get(broadcast_id).state != "done":
        if time.monotonic() > deadline:
            one = campaign.get(broadcast_id)
            raise AssertionError(f"{one.state} {one.pause_reason}: {campaign.counts(broadcast_id)}")
        time.sleep(0.05)
