"""Coming in: invitations, passwords, authenticators, WeChat scans, and the logins that are open.

What raises `core.errors.Noted` wrote the refused try down: the entrance commits before it answers.
"""

from models.logins import Ended, Way
from rules.logins.attempts import Where, refused_lately
from rules.logins.bindings import (
    begin_bind,
    begin_bind_invited,
    bind_scanned,
    bind_state,
    confirm_bind,
    deny_bind,
)
from rules.logins.entering import by_password, change_password
from rules.logins.factors import confirm_totp, new_recovery_codes, new_totp, pending_totp, second_factor
from rules.logins.invitations import accept, disable, enable, invitation, invite, reset
from rules.logins.opened import (
    current,
    end,
    end_all,
    end_over,
    has_totp,
    open_login,
    open_logins,
    password_mark,
)
from rules.logins.powers import need_power
from rules.logins.scans import (
    begin_scan,
    code_url,
    confirm_scan,
    deny_scan,
    finish_scan,
    scan_state,
    scanned,
)

__all__ = [
    "Ended",
    "Way",
    "Where",
    "accept",
    "begin_bind",
    "begin_bind_invited",
    "begin_scan",
    "bind_scanned",
    "bind_state",
    "by_password",
    "change_password",
    "code_url",
    "confirm_bind",
    "confirm_scan",
    "confirm_totp",
    "current",
    "deny_bind",
    "deny_scan",
    "disable",
    "enable",
    "end",
    "end_all",
    "end_over",
    "finish_scan",
    "has_totp",
    "invitation",
    "invite",
    "need_power",
    "new_recovery_codes",
    "new_totp",
    "open_login",
    "open_logins",
    "password_mark",
    "pending_totp",
    "refused_lately",
    "reset",
    "scan_state",
    "scanned",
    "second_factor",
]
