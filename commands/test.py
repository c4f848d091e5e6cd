"""Every check, in the order in which a failure is cheapest to see."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import click

from commands.assets import AssetsError, install_assets
from core.config import ROOT

RACES = "tests/races"
"""Every day on PostgreSQL alone, which lets most things happen at the same time; with --all on SQLite too."""
ON_POSTGRESQL = ("tests/test_migrations.py", "tests/rules", RACES, "tests/tasks/test_outbox.py")
"""Where PostgreSQL may do otherwise than SQLite every day: tables, locks, races. With --all every test runs on it."""
NO_TESTS = 5  # pytest's exit code for "none selected"
COUNTS = re.compile(r"(\d+) (passed|failed|skipped|errors?|xfailed|xpassed)\b")
SUMMARY = re.compile(
    r"^=*\s*(?:\d+ (?:passed|failed|skipped|errors?|xfailed|xpassed|deselected|warnings?)[, ]*)+ in [\d.]+"
)


@dataclass
class Step:
    """One thing that is run, and what came of it."""

    name: str
    arguments: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    code: int = 0
    seconds: float = 0.0
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    @property
    def is_pytest(self) -> bool:
        return self.arguments[0] == "pytest"


@click.command()
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Everything on both databases, and the long ones: fuzzing, kills, whole runs.",
)
@click.option("-k", "expression", help="Only tests whose name matches, on both databases; no lint, no types.")
@click.option("--jobs", default=2, show_default=True, help="Test processes at a time.")
@click.argument("paths", nargs=-1)
def command(everything: bool, expression: str | None, jobs: int, paths: tuple[str, ...]) -> None:
    """Run lint, types, the tests on SQLite, those of rules and races on PostgreSQL, and those of our pages in Chromium.

    Always with a real Redis. With --all what touches a database runs on both, the long ones too. With PATHS or -k only
    the tests named, the long ones among them only with --all. What needs Chromium is skipped where there is none, and
    counted as such; with CI=true it fails instead.
    """
    try:
        install_assets(ROOT)
    except AssetsError as error:
        raise click.ClickException(str(error)) from None
    some = bool(expression or paths)
    chosen = [*(["-k", expression] if expression else []), *paths]
    steps = [*([] if some else _static()), *_tests(everything, jobs, chosen)]
    # a folder of this run's own: pytest clears away those of older runs, which may still be going on
    with tempfile.TemporaryDirectory(prefix="nj-test-", ignore_cleanup_errors=True) as folder:
        for number, step in enumerate(steps):
            if step.is_pytest:
                step.arguments.append(f"--basetemp={folder}/{number}")
            _run(step)
    sys.exit(_report(steps))


def _static() -> Iterator[Step]:
    yield Step("format", ["ruff", "format", "--check", "."])
    yield Step("lint", ["ruff", "check", "."])
    yield Step("types", ["mypy"])


def _tests(everything: bool, jobs: int, chosen: list[str]) -> Iterator[Step]:
    pytest = ["pytest", "-q", "-n", str(jobs), "--dist", "worksteal"]
    postgresql = {"NIANGJIA_TEST_DATABASE": "postgresql"}
    there = chosen if everything or chosen else ON_POSTGRESQL
    short, long = "not slow and not browser", "slow and not browser"
    here = chosen if everything or chosen else [f"--ignore={RACES}"]
    yield Step("tests, sqlite", [*pytest, "-m", short, *here])
    yield Step("tests, postgresql", [*pytest, "-m", short, *there], postgresql)
    # by themselves: a page that waits for its turn behind other tests is not seen in time
    yield Step(
        "tests, browser", [*pytest, "-m", "browser" if everything else "browser and not slow", *chosen]
    )
    if everything:
        yield Step("long tests, sqlite", [*pytest, "-m", long, *chosen])
        yield Step("long tests, postgresql", [*pytest, "-m", long, *chosen], postgresql)


def _run(step: Step) -> None:
    """Run one step, showing what it says as it says it."""
    print(f"\n== {step.name}", flush=True)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("NIANGJIA_")} | step.environment
    # Every step and every process that a test starts reads the same sources: compiled once, not a hundred times.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", *step.arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    summary = ""
    assert process.stdout
    for line in process.stdout:
        print(line, end="", flush=True)
        if SUMMARY.match(line):
            summary = line
    step.code = process.wait()
    step.seconds = time.monotonic() - started
    if not step.is_pytest:
        step.passed, step.failed = int(step.code == 0), int(step.code != 0)
        return
    counts = {kind: int(number) for number, kind in COUNTS.findall(summary)}
    step.passed = counts.get("passed", 0) + counts.get("xfailed", 0)
    step.failed = (
        counts.get("failed", 0) + counts.get("error", 0) + counts.get("errors", 0) + counts.get("xpassed", 0)
    )
    step.skipped = counts.get("skipped", 0)
    if step.code == NO_TESTS:
        step.code = 0
    elif step.code and not step.failed:  # it broke before or after the tests
        step.failed = 1


def _report(steps: list[Step]) -> int:
    """Print what came of each step and of all; the exit code."""
    print()
    for step in steps:
        verdict = "ok" if step.code == 0 else "FAILED"
        counts = (
            f"{step.passed} passed, {step.failed} failed, {step.skipped} skipped" if step.is_pytest else ""
        )
        print(f"{step.name:<24} {verdict:<7} {step.seconds:6.1f} s  {counts}".rstrip())
    passed, failed, skipped = (
        sum(getattr(s, name) for s in steps) for name in ("passed", "failed", "skipped")
    )
    if not any(step.passed or step.failed or step.skipped for step in steps if step.is_pytest):
        print("no test was selected")
        failed += 1
    print(f"total {sum(step.seconds for step in steps):.0f} s")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return int(failed > 0 or any(step.code for step in steps))
