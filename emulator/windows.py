"""When the account may write to a person by itself (客服消息 windows and their quotas)."""

from __future__ import annotations

from .errors import Refused
from .records import Person

#: trigger: (messages allowed, seconds). Each trigger is a bucket of its own, renewed by a repeat;
#: whether buckets add up is not documented (assumption: they do).
BUCKETS: dict[str, tuple[int, float]] = {
    "message": (5, 48 * 3600.0),
    "menu": (3, 60.0),
    "follow": (3, 60.0),
    "scan": (3, 60.0),
    "payment": (10**9, 48 * 3600.0),
}


def renew(person: Person, trigger: str, now: float) -> None:
    """Open (again) the bucket of a trigger."""
    allowed, seconds = BUCKETS[trigger]
    if person.windows is None:
        person.windows = {}
    person.windows[trigger] = [now + seconds, allowed]


def close_all(person: Person) -> None:
    person.windows = None


def take(person: Person, now: float) -> None:
    """Use one message of the open bucket that expires last; Refused when there is none."""
    opened = [bucket for bucket in (person.windows or {}).values() if bucket[0] > now]
    if not person.following or not opened:
        raise Refused(45015)
    filled = [bucket for bucket in opened if bucket[1] > 0]
    if not filled:
        raise Refused(45047)
    max(filled, key=lambda bucket: bucket[0])[1] -= 1
