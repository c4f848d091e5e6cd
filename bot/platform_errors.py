"""What can go wrong between us and WeChat, sorted by what to do about it.

The codes are those of the platform's page 全局返回码 and of the pages of the calls we use.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from ssl import SSLCertVerificationError
from typing import Any

from urllib3.exceptions import ConnectTimeoutError, NewConnectionError


class Reaction(enum.Enum):
    """What to do after the platform said no."""

    RETRY_LATER = "retry later"
    """The platform is busy: the same call may pass in a while."""
    TOKEN = "token"  # noqa: S105 - not a password
    """The access token is not accepted, even after one refresh: the same call may pass in a while."""
    NEXT_CHANNEL = "next channel"
    """This way to this person is closed for now; another may be open."""
    QUOTA = "quota"
    """The account's share of this call is used up for today; another call may do."""
    NEVER = "never"
    """The call itself is wrong; the same call will never pass."""
    OPERATOR = "operator"
    """The account or its settings need somebody's hand; the same call passes after that."""


_REACTIONS: dict[Reaction, tuple[int, ...]] = {
    Reaction.RETRY_LATER: (-1, 42010, 45011, 45066, 45081, 500, 502, 503),
    Reaction.TOKEN: (40001, 40014, 41001, 42001),
    Reaction.NEXT_CHANNEL: (
        *(40003, 43004, 43019, 43101, 43116, 45015, 45047),
        *(45080, 46004, 48002, 50002, 50005, 70000),
    ),
    Reaction.QUOTA: (45009, 45010, 45028, 45029, 48006),
    Reaction.OPERATOR: (40013, 40125, 40164, 40243, 48001, 48004, 50001, 61004, 61024, 89503, 89506, 89507),
}
REACTIONS: dict[int, Reaction] = {code: reaction for reaction, codes in _REACTIONS.items() for code in codes}

TOKEN_CODES = frozenset({40001, 40014, 42001})
"""Codes after which one refresh and one repeat are worth it. Without a token at all (41001) we have a bug."""


NEVER_REACHED = -100
"""Stands for an errcode in our records when the platform was never reached."""


class CallFailed(Exception):
    """A call of the platform's API that did not answer with a plain yes."""

    def __init__(self, call: str, message: str) -> None:
        super().__init__(f"{call}: {message}")
        self.call = call
        self.message = message


class PlatformError(CallFailed):
    """The platform said no. `code` is its errcode, or the HTTP status where it sent none.

    `answer` is all it said: a repeated mass call is refused with the msg_id of the first.
    """

    def __init__(
        self,
        call: str,
        code: int,
        message: str,
        reaction: Reaction | None = None,
        answer: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(call, f"{code} {message}")
        self.answer = answer or {}
        self.code = code
        self.message = message
        self.reaction = reaction or REACTIONS.get(code, Reaction.NEVER)


class NotSent(CallFailed):
    """The platform certainly did not execute the call: it was never reached."""


class OutcomeUnknown(CallFailed):
    """The call left us and no answer came: the platform may or may not have executed it."""


_NEVER_LEFT = (ConnectTimeoutError, NewConnectionError, SSLCertVerificationError)


def from_transport(call: str, error: BaseException) -> NotSent | OutcomeUnknown:
    """Whether a broken exchange can have been executed. In doubt it can."""
    seen: set[int] = set()
    queue: list[object] = [error]
    while queue:
        cause = queue.pop()
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        if isinstance(cause, _NEVER_LEFT):
            return NotSent(call, type(cause).__name__)
        queue += [cause.__cause__, getattr(cause, "reason", None), *cause.args]
    return OutcomeUnknown(call, type(error).__name__)
