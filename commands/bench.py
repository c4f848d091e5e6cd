"""Benchmarks, each beside a peer in one run. They print tables in Markdown; docs/performance.md keeps some."""

from __future__ import annotations

import click

from commands._help import Group


@click.group(cls=Group)
def command() -> None:
    """Measure speed and memory beside a peer, in one run on this machine."""


@command.command()
@click.option("--people", default=1000, show_default=True, help="Listed profiles in the database.")
@click.option("--messages", default=6000, show_default=True, help="Messages in a round.")
@click.option("--rounds", default=3, show_default=True, help="Rounds; the median counts.")
@click.option("--connections", default=32, show_default=True, help="Deliveries at the same time.")
@click.option(
    "--mode", "modes", multiple=True, type=click.Choice(["plain", "secure"]), help="Only this mode."
)
@click.option("--kind", "only", multiple=True, help="Only this message: keyword, card scan, form step.")
def callback(
    people: int, messages: int, rounds: int, connections: int, modes: tuple[str, ...], only: tuple[str, ...]
) -> None:
    """Our callback with demo data beside a bare WeRoBot robot that answers a fixed text.

    Both under the same HTTP server, processes and threads (web.* in config.yaml) and the same embedded Redis.
    """
    from bench import callback as bench

    print(f"{people} profiles, {messages} messages a round, median of {rounds}, {connections} connections\n")
    for mode in modes or ("plain", "secure"):
        print(
            f"| {mode}: message | system | requests/s | p50 ms | p99 ms | CPU s / 1000 | peak RSS MB | not 200 |"
        )
        print("| --- | --- | --- | --- | --- | --- | --- | --- |")
        with bench.prepared(people, mode) as place:
            for kind in only or ("keyword", "card scan", "form step"):
                rows = bench.compare(
                    place, mode, kind, count=messages, connections=connections, rounds=rounds
                )
                for row in rows:
                    print(
                        f"| {kind} | {row.system} | {row.rate:,.0f} | {row.p50 * 1000:.1f} | {row.p99 * 1000:.1f} "
                        f"| {row.cpu_per_1000:.3f} | {row.peak_rss / 1e6:.0f} | {row.bad} |"
                    )
                peer, ours = rows
                print(
                    f"| {kind} | **ratio** | **{ours.rate / peer.rate:.2f}** | {ours.p50 / peer.p50:.2f} "
                    f"| {ours.p99 / peer.p99:.2f} | {ours.cpu_per_1000 / peer.cpu_per_1000:.2f} "
                    f"| {ours.peak_rss / peer.peak_rss:.2f} | |",
                    flush=True,
                )
            costs = bench.costs(place, mode)
            memory = bench.footprint(place, mode)
        print(f"\n{mode}: cost of one message, counted\n")
        print("| message | SQL statements | of them writes | Redis round trips | sent without waiting |")
        print("| --- | --- | --- | --- | --- |")
        for cost in costs:
            print(f"| {cost.kind} | {cost.statements} | {cost.writes} | {cost.calls} | {cost.tells} |")
        print(
            f"\n{mode}: `serve` and a worker, {memory.processes} processes: {memory.rss / 1e6:.0f} MB "
            f"resident added up, {memory.pss / 1e6:.0f} MB with shared pages counted once\n",
            flush=True,
        )


@command.command()
@click.option(
    "--people", default=1_000_000, show_default=True, help="Recipients of the large mass broadcast."
)
@click.option(
    "--small", default=10_000, show_default=True, help="Recipients of the small one, for its memory."
)
@click.option("--customers", default=3000, show_default=True, help="Recipients by customer-service message.")
@click.option(
    "--threads", default=1, show_default=True, help="Threads of each side by customer-service message."
)
@click.option(
    "--rounds", default=3, show_default=True, help="Rounds by customer-service message; the median counts."
)
def broadcast(people: int, small: int, customers: int, threads: int, rounds: int) -> None:
    """A mass broadcast's calls and memory, and customer-service messages beside a bare requests loop."""
    from bench import broadcast as bench

    print(f"{bench.machine()}\n\n| by mass message | calls | seconds | worker's peak RSS MB | rows |")
    print("| --- | --- | --- | --- | --- |")
    sizes = []
    for size in (small, people):
        done = bench.mass(size)
        sizes.append(done.peak_rss)
        print(
            f"| {size:,} | {done.calls} | {done.seconds:.1f} | {done.peak_rss / 1e6:.0f} | {done.counts} |",
            flush=True,
        )
    print(f"\nGrowth of the worker: {(sizes[1] - sizes[0]) / 1e6:.0f} MB\n")
    ours, bare = bench.customer(customers, threads, rounds)
    print("| by customer-service message | people/s |\n| --- | --- |")
    print(f"| bare requests loop | {bench.median(bare):,.0f} |\n| niangjia | {bench.median(ours):,.0f} |")
    print(f"| **ratio** | **{bench.median(ours) / bench.median(bare):.2f}** |")


@command.command()
@click.option("--slots", default=20, show_default=True, help="Last slots that are wanted.")
@click.option("--people", default=200, show_default=True, help="People who want each.")
@click.option("--processes", default=2, show_default=True, help="Processes on each side.")
@click.option("--connections", default=8, show_default=True, help="Connections of each process.")
@click.option("--rounds", default=3, show_default=True, help="Rounds; the median counts.")
@click.option(
    "--database", "only", multiple=True, type=click.Choice(["sqlite", "postgresql"]), help="Only this."
)
def booking(
    slots: int, people: int, processes: int, connections: int, rounds: int, only: tuple[str, ...]
) -> None:
    """Contended last slots, booked by our rule, beside bare inserts with a UNIQUE constraint.

    Same processes and connections, in turns on one database; both databases.
    """
    from bench import booking as bench

    print(
        f"{slots} slots, {people} people for each, {processes} processes with {connections} connections each\n"
    )
    print("| database | system | tries/s | won | lost | doubles |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in only or ("sqlite", "postgresql"):
        with (
            bench.scratch(name) as (config, environment),
            bench.prepared(config, environment, people) as place,
        ):
            peer, ours = bench.compare(
                place, slots_=slots, processes=processes, threads=connections, rounds=rounds
            )
        for row in (peer, ours):
            print(f"| {name} | {row.system} | {row.rate:,.0f} | {row.won} | {row.lost} | {row.doubles} |")
        print(f"| {name} | **ratio** | **{ours.rate / peer.rate:.2f}** | | | |", flush=True)


@command.command()
@click.option("--people", default=1000, show_default=True, help="Sign-ups in a round.")
@click.option("--places", default=50, show_default=True, help="Places of the sitting.")
@click.option("--processes", default=4, show_default=True, help="Processes that sign up at the same time.")
@click.option("--rounds", default=3, show_default=True, help="Rounds; the median counts.")
@click.option(
    "--database",
    "databases",
    multiple=True,
    type=click.Choice(["sqlite", "postgresql"]),
    help="Only this one.",
)
def signup(people: int, places: int, processes: int, rounds: int, databases: tuple[str, ...]) -> None:
    """Sign-ups for places that run out beside bare inserts.

    A transaction each. The first peer takes a place by a UNIQUE constraint and is gone if it is too late, as in
    `bench booking`; ours puts who is too late in line. The others go through the same prepared statements as ours,
    with the same encryption, and know no quota: one leaves the very row of a sign-up, so the ratio to it is what the
    rules cost, the other the same values in a narrow table.
    """
    from bench import signup as bench

    print(f"{people} sign-ups for {places} places, {processes} processes, median of {rounds}\n")
    print("| database | system | sign-ups/s | placed | excess |")
    print("| --- | --- | --- | --- | --- |")
    for database in databases or ("sqlite", "postgresql"):
        with bench.prepared(database):
            *peers, ours = bench.compare(
                database, people=people, places=places, processes=processes, rounds=rounds
            )
        for row in (*peers, ours):
            print(f"| {row.database} | {row.system} | {row.rate:,.0f} | {row.placed} | {row.excess} |")
        for peer in peers:
            ratio = ours.rate / peer.rate
            print(f"| {database} | **ratio to {peer.system}** | **{ratio:.2f}** | | |", flush=True)


@command.command()
@click.option("--people", default=1_000_000, show_default=True, help="Workers in the large database.")
@click.option(
    "--profiles", default=200_000, show_default=True, help="Profiles in it; the small one has a hundredth."
)
@click.option(
    "--database", "only", multiple=True, type=click.Choice(["sqlite", "postgresql"]), help="Only this."
)
def console(people: int, profiles: int, only: tuple[str, ...]) -> None:
    """Every list of the console with a hundredth of the people, and with all of them: queries, work, time, plans."""
    from bench import console as bench

    for name in only or ("sqlite", "postgresql"):
        unit = "steps" if name == "sqlite" else "blocks"
        small_fill, small = bench.measured(name, people // 100, profiles // 100, people // 200)
        fill, large = bench.measured(name, people, profiles, people // 2)
        print(
            f"\n{name}: {people // 100:,} workers filled in {small_fill:.0f} s, {people:,} in {fill:.0f} s\n"
        )
        print(f"| who | list | queries | {unit}, few | many | ms, few | many | large tables read whole |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- |")
        for few, many in zip(small, large, strict=True):
            queries = str(many.queries) if few.queries == many.queries else f"{few.queries} → {many.queries}"
            print(
                f"| {many.who} | {many.what} | {queries} | {few.work:,} | {many.work:,} "
                f"| {few.seconds * 1000:.0f} | {many.seconds * 1000:.0f} | {', '.join(many.scans) or '—'} |",
                flush=True,
            )


@command.command()
@click.option("--people", default=10_000, show_default=True, help="Workers in the database.")
@click.option("--rows", default=2000, show_default=True, help="Rows of each file.")
@click.option(
    "--database", "only", multiple=True, type=click.Choice(["sqlite", "postgresql"]), help="Only this."
)
def imports(people: int, rows: int, only: tuple[str, ...]) -> None:
    """Files looked at and brought in, and a list taken away: CPU, statements, and how long others cannot write."""
    from bench import imports as bench

    print(f"{people:,} workers, files of {rows:,} rows\n")
    print("| database | what | seconds | CPU s | s locked | statements | peak MB |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name in only or ("sqlite", "postgresql"):
        for row in bench.measured(name, people, rows):
            peak = "" if row.peak is None else f"{row.peak:.1f}"
            print(
                f"| {name} | {row.what} | {row.seconds:.2f} | {row.cpu:.2f} | {row.locked:.2f} "
                f"| {row.statements:,} | {peak} |",
                flush=True,
            )
