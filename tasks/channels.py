"""The ways a notice can go, and what one try by one of them came to. No database here."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from bot import replies, templates
from bot.client import Client, Template
from bot.platform_errors import NEVER_REACHED, CallFailed, NotSent, OutcomeUnknown, PlatformError, Reaction
from bot.replies import Say
from core import log, metrics

_log = log.get("outbox")
_LATER = (Reaction.RETRY_LATER, Reaction.TOKEN, Reaction.OPERATOR)
_MORE = "\n" + replies.Tap(replies.MORE).render()


class Channel(enum.StrEnum):
    """Tried in this order; a kind's one template is of one of the two middle sorts. INBOX is 我的消息."""

    CUSTOMER = "customer"
    SUBSCRIPTION = "subscription"
    TEMPLATE = "template"
    INBOX = "inbox"


class Verdict(enum.Enum):
    """What a try came to."""

    SENT = "sent"
    PARTLY = "partly"
    """The first pages are out, the rest is not: sending again would repeat them."""
    CLOSED = "closed"
    """Not by this channel."""
    LATER = "later"
    """Certainly not sent; the same may pass in a while."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A verdict with the platform's own words for it."""

    verdict: Verdict
    errcode: int | None = None
    message_id: int | None = None


@dataclass(frozen=True, slots=True)
class Try:
    """One try about to be made; its row is committed before the call, so that a crash is seen."""

    notice_id: int
    claim: int
    channel: Channel
    openid: str
    worker_id: int
    say: Say
    made_at: datetime
    template: Template | None
    is_template_known: bool
    is_repeat: bool = False
    attempt_id: int = 0


def make(client: Client, one: Try) -> Outcome:
    """Make the try. Never raises: a bug of ours is logged, and its outcome unknown."""
    done = 0
    try:
        match one.channel:
            case Channel.CUSTOMER:
                for page in _pages(one.say):
                    client.send_text(one.openid, page)
                    done += 1
                return Outcome(Verdict.SENT, 0)
            case Channel.SUBSCRIPTION:
                template, data = _filled(one)
                number = client.send_subscription(one.openid, template.id, data)
                return Outcome(Verdict.SENT, 0, number)
            case Channel.TEMPLATE:
                template, data = _filled(one)
                job = client.send_template(
                    one.openid, template.id, data, client_msg_id=f"notice-{one.notice_id}"
                )
                return Outcome(Verdict.SENT, 0, job)
            case _:
                raise ValueError(f"nothing is sent by {one.channel}")
    except CallFailed as error:
        outcome = after(error)
        return Outcome(Verdict.PARTLY, outcome.errcode) if done else outcome
    except Exception:
        metrics.bugs.labels("outbox").inc()
        _log.exception("bug while sending", notice=one.notice_id, channel=str(one.channel))
        return Outcome(Verdict.UNKNOWN)


def after(error: CallFailed) -> Outcome:
    """What a failed call means for the notice."""
    match error:
        case PlatformError():
            verdict = Verdict.LATER if error.reaction in _LATER else Verdict.CLOSED
            return Outcome(verdict, error.code)
        case NotSent():
            return Outcome(Verdict.LATER, NEVER_REACHED)
        case OutcomeUnknown():
            return Outcome(Verdict.UNKNOWN)
        case _:
            raise error


def can_carry(template: Template, say: Say, notice_id: int, made_at: datetime) -> bool:
    """Whether the template's fields can be filled from this text."""
    return templates.fill(template, say.text, number=notice_id, at=made_at) is not None


def _filled(one: Try) -> tuple[Template, dict[str, str]]:
    assert one.template is not None
    data = templates.fill(one.template, one.say.text, number=one.notice_id, at=one.made_at)
    assert data is not None
    return one.template, data


def _pages(say: Say) -> list[str]:
    """All pages are pushed, so there is none to tap for."""
    return [page.removesuffix(_MORE) for page in replies.pages(say)]
