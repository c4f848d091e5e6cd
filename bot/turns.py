"""One message acts once, and one person's messages run one at a time, in the order they came.

Redis holds for each person the queue of messages at work, and for each message who is working on it
(renewed while the process lives, gone soon after it dies) and its answer for a while. All of it may be lost:
the database's `received` rows are the referee (bot/callback.py).
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from dataclasses import dataclass

from bot.looks import waiting_key
from bot.offers import has_taps, offers_key, offers_seconds
from bot.replies import SUCCESS
from core.config import Config
from core.crypto import ring
from core.heard import heard_key
from core.redis import LOST, Lane, Script

# Ask for the turn. Answers: {text} (answered already, unless it was only said that it takes longer), {'', what the
# person was told last} (run), 'wait', or 'replay' (the signed query string was used for another message).
_ENTER = Script(
    """
    local answer, turn, alive, signed = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
    local key, owner, lease, remember, alive_prefix = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
    if remember ~= '0' then
        if not redis.call('SET', signed, key, 'EX', remember, 'NX') and redis.call('GET', signed) ~= key then
            return 'replay'
        end
    end
    local said = ARGV[6] == '0' and redis.call('GET', answer)
    if said then return {said, ''} end
    local head = redis.call('LINDEX', turn, 0)
    if not head then
        redis.call('RPUSH', turn, key)
        redis.call('SET', alive, owner, 'PX', lease)
        return {'', redis.call('GET', KEYS[5]) or ''}
    end
    local worker = redis.call('GET', alive)
    if not worker or worker == owner then
        redis.call('SET', alive, owner, 'PX', lease)
        worker = owner
    end
    if not redis.call('LPOS', turn, key) then redis.call('RPUSH', turn, key) end
    redis.call('EXPIRE', turn, 600)
    while head ~= key do
        if redis.call('EXISTS', alive_prefix .. head) == 1 then return 'wait' end
        redis.call('LPOP', turn)
        head = redis.call('LINDEX', turn, 0)
    end
    if worker == owner then return {'', redis.call('GET', KEYS[5]) or ''} end
    return 'wait'
    """,
    keys=5,
)

# Give the turn back and leave the answer for deliveries of the same message, the first stays; what was looked at; that
# its person was heard; and which taps they have before them: those of this answer, none, or ('') the same as before.
_LEAVE = Script(
    """
    for i = 7, #ARGV do redis.call('XADD', KEYS[4], '*', '', ARGV[i]) end
    if ARGV[5] ~= '' then redis.call('HINCRBY', KEYS[5], ARGV[5], 1) end
    if ARGV[3] ~= '' then redis.call('SET', KEYS[1], ARGV[3], 'EX', ARGV[4], 'NX') end
    if ARGV[6] == '0' then
        redis.call('DEL', KEYS[6])
    elseif ARGV[6] ~= '' then
        redis.call('SET', KEYS[6], ARGV[3], 'EX', ARGV[6])
    end
    if redis.call('GET', KEYS[3]) == ARGV[2] then
        redis.call('DEL', KEYS[3])
        redis.call('LREM', KEYS[2], 1, ARGV[1])
    end
    return 1
    """,
    keys=6,
)

_RENEW = Script(
    "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 1",
    keys=1,
)


# Whether nobody is at work on a message; what was answered meanwhile does not count.
_REOPEN = Script(
    "if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end redis.call('DEL', KEYS[2]) return 1", keys=2
)

_KEEP_LATE = Script("return redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])", keys=1)
_LATE = Script("return redis.call('HGETALL', KEYS[1])", keys=1)
_FORGET_LATE = Script("return redis.call('HDEL', KEYS[1], ARGV[1])", keys=1)


def _sealed(answer: str) -> bytes:
    """An answer may hold somebody's contact, and Redis writes to disk what it is told, forgotten there much later."""
    return ring().seal(answer.encode()) if answer else b""


@dataclass(slots=True)
class Turn:
    """One delivery's claim to work on one message."""

    openid: str
    key: str
    owner: str
    looks: tuple[str, ...] = ()
    """Left together with the answer (bot/looks.py)."""
    offers: bytes = b""
    """What its person was told last, sealed (bot/offers.py); known when the turn has come."""
    is_heard: bool = False
    """Whether a person wrote or tapped, so that it counts (rules/figures.py)."""


class Replayed(Exception):
    """A signed query string came again with a different message."""


class Turns:
    """The turns of one process. Raises redis's ConnectionError when Redis is gone."""

    def __init__(self, config: Config, lane: Lane) -> None:
        self._lane = lane
        self._prefix = config.redis.prefix
        self._alive = f"{self._prefix}alive:"
        self._looks = waiting_key(config)
        self._heard = heard_key(config)
        self._offers = offers_key(config, "")
        self._offers_seconds = str(offers_seconds(config))
        self._lease = str(max(500, int(config.limits.lease_seconds * 1000)))
        # the signature of a query string is worth remembering for as long as its timestamp is accepted
        self._remember = str(2 * config.limits.timestamp_seconds)
        self._answers = str(config.limits.dedup_seconds)
        self._running: dict[str, tuple[str, float]] = {}
        self._keeper: threading.Thread | None = None
        self._keeper_lock = threading.Lock()
        self._closed = threading.Event()

    def claim(self, openid: str, key: str, *, is_heard: bool = False) -> Turn:
        """A new delivery of a message; it still has to ask for its turn."""
        return Turn(openid, key, secrets.token_hex(8), is_heard=is_heard)

    def ask(self, turn: Turn, signature: str = "", *, is_late: bool = False) -> str | None:
        """Ask once. The answer already given, "" to work on it now, or None to ask again soon.

        `is_late`: what was answered is that it takes longer, so it is still to be worked on. Raises Replayed when
        `signature` belongs to another message.
        """
        said = self._lane.call(
            _ENTER,
            f"{self._prefix}answer:{turn.key}",
            f"{self._prefix}turn:{turn.openid}",
            f"{self._alive}{turn.key}",
            f"{self._prefix}signed:{signature}",
            f"{self._offers}{turn.openid}",
            turn.key,
            turn.owner,
            self._lease,
            self._remember if signature else "0",
            self._alive,
            "1" if is_late else "0",
        )
        if isinstance(said, list):
            answer, turn.offers = said
            if answer:
                return ring().open(answer).decode()
            self._running[turn.key] = turn.owner, time.monotonic()
            if self._keeper is None:
                self._start_keeper()
            return ""
        if said == b"wait":
            return None
        assert said == b"replay"
        raise Replayed

    def leave(self, turn: Turn, answer: str) -> None:
        """Give the turn back, leave the answer ("" = leave none), its taps and the looks. Does not wait for Redis."""
        self._running.pop(turn.key, None)
        self._lane.tell(
            _LEAVE,
            f"{self._prefix}answer:{turn.key}",
            f"{self._prefix}turn:{turn.openid}",
            f"{self._alive}{turn.key}",
            self._looks,
            self._heard,
            f"{self._offers}{turn.openid}",
            turn.key,
            turn.owner,
            _sealed(answer),
            self._answers,
            turn.openid if turn.is_heard else "",
            "" if answer in ("", SUCCESS) else self._offers_seconds if has_taps(answer) else "0",
            *turn.looks,
        )

    def answer(self, openid: str, key: str, answer: str) -> None:
        """Leave an answer for other deliveries while the work goes on."""
        self._lane.call(
            _LEAVE,
            f"{self._prefix}answer:{key}",
            f"{self._prefix}turn:{openid}",
            f"{self._alive}{key}",
            self._looks,
            self._heard,
            f"{self._offers}{openid}",
            key,
            "",
            _sealed(answer),
            self._answers,
            "",
            "",
        )

    def reopen(self, key: str) -> bool:
        """Whether a message that was answered "it takes longer" is abandoned; then it can be worked on again."""
        return bool(self._lane.call(_REOPEN, self._alive + key, f"{self._prefix}answer:{key}"))

    def keep_late(self, key: str, **late: str) -> None:
        """Remember a message that was acknowledged while the database was locked."""
        sealed = ring().seal(json.dumps(late, ensure_ascii=False).encode())
        self._lane.call(_KEEP_LATE, f"{self._prefix}late", key, sealed)

    def late(self) -> dict[str, dict[str, str]]:
        """Everything that `keep_late` remembers, by key."""
        found: list[bytes] = self._lane.call(_LATE, f"{self._prefix}late")
        pairs = zip(found[::2], found[1::2], strict=True)
        return {key.decode(): json.loads(ring().open(sealed)) for key, sealed in pairs}

    def forget_late(self, key: str) -> None:
        """It is in the database now."""
        self._lane.call(_FORGET_LATE, f"{self._prefix}late", key)

    def close(self) -> None:
        """Stop renewing."""
        self._closed.set()

    def _start_keeper(self) -> None:
        with self._keeper_lock:
            if self._keeper is None:
                self._keeper = threading.Thread(target=self._keep, name="turns", daemon=True)
                self._keeper.start()

    def _keep(self) -> None:
        """Renew what has been at work for a while; most messages are done long before."""
        pause = int(self._lease) / 4000
        while not self._closed.wait(pause):
            old = time.monotonic() - pause
            for key, (owner, since) in list(self._running.items()):
                if since < old:
                    try:
                        self._lane.call(_RENEW, self._alive + key, owner, self._lease)
                    except LOST:
                        break
