"""Locked requirements."""

from __future__ import annotations

import subprocess
import sys

import click

from core.config import ROOT


@click.command()
@click.option(
    "--upgrade", is_flag=True, help="Take the newest versions of what is not pinned in the .in files."
)
def command(upgrade: bool) -> None:
    """Write requirements.txt and requirements-dev.txt from the .in files.

    Every package is pinned with its hashes, for all Pythons from 3.11 on and all machines. Which index they came from
    is nobody's business and is not written.
    """
    _compile("requirements", [], upgrade)
    _compile("requirements-dev", ["--constraints", "requirements.txt"], upgrade)


def _compile(name: str, extra: list[str], upgrade: bool) -> None:
    print(f"{name}.in -> {name}.txt", flush=True)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "uv", "pip", "compile", f"{name}.in", "--output-file", f"{name}.txt"),
            *("--universal", "--python-version", "3.11", "--generate-hashes", "--quiet"),
            *("--no-emit-index-url", "--no-emit-find-links", "--custom-compile-command", "./niangjia lock"),
            *(["--upgrade"] if upgrade else []),
            *extra,
        ],
        cwd=ROOT,
        check=False,
    )
    if done.returncode:
        raise click.ClickException(f"{name}.in can't be resolved, see above; {name}.txt is unchanged")
