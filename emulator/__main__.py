"""`python -m emulator`: options on the command line, secrets in the environment only."""

from __future__ import annotations

import argparse
import logging
import os

from .server import serve
from .settings import Settings

EPILOG = """\
Environment: EMULATOR_APP_ID, EMULATOR_APP_SECRET, EMULATOR_TOKEN, EMULATOR_ENCODING_AES_KEY and
EMULATOR_ORIGINAL_ID say which account it is; without them it is an invented one.
"""


def read_settings(arguments: list[str] | None = None) -> Settings:
    """Settings from the command line and the environment."""
    base = Settings()
    parser = argparse.ArgumentParser(
        prog="python -m emulator",
        description="A local server that behaves as WeChat's service-account platform, with pages of phones.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default=base.host, help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=8900, help="port to listen on (%(default)s)")
    parser.add_argument("--callback", default="", metavar="URL", help="where messages are pushed to")
    parser.add_argument(
        "--mode", choices=("plain", "compatible", "secure"), default=base.mode, help="(%(default)s)"
    )
    parser.add_argument("--state", metavar="FILE", help="keep people, chats, codes and menu in this file")
    parser.add_argument("--sheets", metavar="DIR", help="folder of printed sheets (PDF, PNG) to scan from")
    parser.add_argument("--name", default=base.account_name, help="name of the account (%(default)s)")
    parser.add_argument("--no-wire", action="store_true", help="do not log the wire (for speed)")
    parser.add_argument("--no-limits", action="store_true", help="no quotas and no message windows")
    options = parser.parse_args(arguments)

    def secret(name: str, default: str) -> str:
        return os.environ.get(f"EMULATOR_{name}") or default

    return Settings(
        host=options.host,
        port=options.port,
        app_id=secret("APP_ID", base.app_id),
        app_secret=secret("APP_SECRET", base.app_secret),
        token=secret("TOKEN", base.token),
        encoding_aes_key=secret("ENCODING_AES_KEY", base.encoding_aes_key),
        original_id=secret("ORIGINAL_ID", base.original_id),
        mode=options.mode,
        callback_url=options.callback,
        account_name=options.name,
        state_file=options.state,
        sheets_dir=options.sheets,
        wire_log=not options.no_wire,
        check_windows=not options.no_limits,
        check_quotas=not options.no_limits,
    )


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    serve(read_settings())


if __name__ == "__main__":
    main()
