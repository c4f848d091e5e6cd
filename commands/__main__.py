"""`python -m commands NAME`: what ./niangjia starts once the packages are there."""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path

import click

from commands import COMMANDS


class Lazy(click.Group):
    """A group that imports a command's file only when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"commands.{name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def main() -> None:
    """Niangjia 娘家: a trade union's WeChat service account.

    Settings are in config.yaml; NIANGJIA_<SECTION>__<KEY> in the environment overrides any of them.
    """


def start(arguments: list[str]) -> int:
    """Run one command and return the exit code: 2 for wrong settings or usage, 1 for anything unexpected."""
    from core.config import ConfigError

    try:
        code = main.main(arguments, prog_name="./niangjia", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 130
    except Exception as error:  # the last resort of every command: one line for people, the rest in a file
        print(f"{_one_line(error)} (details: {_keep(arguments)})", file=sys.stderr)
        return 1


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:200]}" if text else type(error).__name__


def _keep(arguments: list[str]) -> Path:
    """Write the traceback where it can be found: the log folder if there are settings, else a temporary file."""
    from core.config import ConfigError, load

    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    name = f"error-{arguments[0] if arguments else 'none'}-{stamp}-{os.getpid()}.txt"
    try:
        folder = load().data_dir / "log"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (ConfigError, OSError):
        folder = Path(tempfile.gettempdir())
    file = folder / name
    file.touch(mode=0o600)
    file.write_text(traceback.format_exc(), encoding="utf-8")
    return file


if __name__ == "__main__":
    sys.exit(start(sys.argv[1:]))
