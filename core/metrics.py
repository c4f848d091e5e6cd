"""What is counted, for /metrics. Numbers of all processes are added up (see core/metrics_dir.py)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    Metric,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

# result: answered, repeated, or why it was refused
callbacks = Counter("niangjia_callbacks", "Callbacks of the platform by what became of them", ["result"])
callback_seconds = Histogram(
    "niangjia_callback_seconds",
    "Time until a callback was answered",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 4.5, 5.0),
)
bugs = Counter("niangjia_bugs", "Exceptions nobody expected, by the entrance that caught them", ["entrance"])
# result: ok, or the platform's error code
platform_calls = Counter(
    "niangjia_platform_calls", "Calls of the platform's API by their result", ["call", "result"]
)
platform_seconds = Histogram(
    "niangjia_platform_seconds",
    "Time of a call of the platform's API",
    ["call"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 8.0),
)
# result: sent, kept, later, failed
notices = Counter("niangjia_notices", "Notices by channel and what became of them", ["channel", "result"])
# result: what the call came to: sent, waiting, skipped, failed, unknown; calls of a way, not people
broadcast_calls = Counter("niangjia_broadcast_calls", "Calls made for broadcasts", ["way", "result"])
late_answers = Counter("niangjia_late_answers", "Answers that missed the time budget and were pushed instead")


class _OfAll:
    """What all processes wrote down. A file is empty while it is made, and stays so when its process died just then."""

    def collect(self) -> Iterable[Metric]:
        files = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]).glob("*.db")
        return MultiProcessCollector.merge([str(one) for one in files if one.stat().st_size])  # type: ignore[no-untyped-call,no-any-return]


def render() -> tuple[bytes, str]:
    """The numbers of all processes in Prometheus' text form, and its content type."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        registry.register(_OfAll())
    else:
        registry = REGISTRY
    return generate_latest(registry), CONTENT_TYPE_LATEST
