"""What one emulated platform is told at its start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Mode = Literal["plain", "compatible", "secure"]

#: Events whose passive reply the platform shows; the official text gives no list (assumption).
ANSWERED_EVENTS = frozenset(
    {
        "subscribe",
        "SCAN",
        "CLICK",
        "scancode_waitmsg",
        "scancode_push",
        "LOCATION",
        "pic_sysphoto",
        "pic_photo_or_album",
        "pic_weixin",
        "location_select",
    }
)


@dataclass(frozen=True)
class Template:
    """A message template the account owns from the start (kind is template or subscribe)."""

    template_id: str
    kind: Literal["template", "subscribe"]
    title: str
    content: str
    long_term: bool = False


@dataclass
class Settings:
    """Everything that can be chosen; the defaults are the documented platform.

    The lower half holds what the public contract leaves open (see docs/emulator.md).
    """

    host: str = "127.0.0.1"
    port: int = 0
    app_id: str = "wx0000000000000000"
    app_secret: str = "0" * 32
    token: str = "emulated"  # noqa: S105 -- an invented account's, public on purpose
    encoding_aes_key: str = "A" * 43
    original_id: str = "gh_000000000000"
    mode: Mode = "secure"
    callback_url: str = ""
    account_name: str = "娘家"
    state_file: str | None = None
    sheets_dir: str | None = None
    templates: tuple[Template, ...] = ()

    reply_timeout: float = 5.0
    retry_count: int = 3
    verify_on_start: bool = True
    ip_allow_list: tuple[str, ...] = ()
    oauth_domains: tuple[str, ...] = ()
    qr_base: str = "http://weixin.qq.com/q/"
    job_delay: float = 1.0
    permanent_codes: int = 100_000
    mass_delay: float = 3.0
    mass_protection: bool = False
    mass_result: str = ""

    check_windows: bool = True
    check_quotas: bool = True
    quotas: Mapping[str, int] = field(default_factory=dict)
    wire_log: bool = True
    wire_limit: int = 4000
    keep_messages: bool = True
    chat_limit: int = 2000

    # Assumptions: not written in any official text seen.
    connect_retry_delay: float = 1.0
    retry_on_http_error: bool = False
    accept_encrypted_success: bool = False
    answered_events: frozenset[str] = ANSWERED_EVENTS
    reply_text_limit: int = 2048
    custom_text_limit: int = 2048
    force_refresh_error: int = 45009
    template_not_following_error: int = 43004
    late_code_error: int = 40029
    expire_seconds_default: int = 60
    expire_seconds_over_limit: Literal["cap", "refuse"] = "cap"
    expired_code_pushes: bool = False
    last_page_next_openid: bool = True
    client_msg_id_seconds: int = 600
    client_id_pause: float = 60.0
    failure_line: str = "该公众号提供的服务出现故障，请稍后再试"
