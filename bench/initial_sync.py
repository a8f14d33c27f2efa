"""The initial sync of N people: Muster beside a bare concurrent client that does only the POSTs.

Both run in this process against a fresh application each round, with the same number of calls at a time.
Muster reads before it writes, and every account costs it an intent, two audit records, a link and a durable
commit; the bare client does none of it. Against the null target (an application in memory that answers at
once) the peer is the same loop without Muster.
"""

import asyncio
import cProfile
import pstats
import random
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import aiohttp

from bench.reporting import Row
from muster.bootstrap import Installed, MusterSettings, open_desk
from muster.cli.demo import applications
from muster.cli.demo.applications import Running
from muster.db import new_id, open_database, system_clock
from muster.kit import memory
from muster.kit.contract import New
from muster.kit.memory_target import MANIFEST, MemoryTarget
from muster.model import ACCOUNT, App, AppName, Everyone, Limits, OperationId, Rule
from muster.service import configuring, converging, finding, importing
from muster.service.configuration_file import AppSpec
from muster.service.desk import Actor, Desk
from muster.sync import Engine, Target, Targets, Worker

_CONCURRENCY: Final = 16
_ACTOR: Final = Actor(name="bench")
_URN: Final = "urn:ietf:params:scim:schemas:core:2.0:User"


async def measure(*, people: int, rounds: int) -> list[Row]:
    """Both targets, ``rounds`` times, ours and theirs in turn."""
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as name:
        folder = Path(name)
        ours, bare, profile = await _against_scim2_server(folder, people, rounds)
        null, loop, null_profile = await _against_null_target(folder, people, rounds)
    return [
        Row(
            what=f"initial sync of {people:,} people to scim2-server",
            unit="accounts/s",
            ours=ours,
            peer=f"bare client, {_CONCURRENCY} POSTs at a time",
            theirs=bare,
            where_the_rest_goes=profile,
        ),
        Row(
            what=f"initial sync of {people:,} people to a null target",
            unit="accounts/s",
            ours=null,
            peer="bare loop over the same target",
            theirs=loop,
            where_the_rest_goes=null_profile,
        ),
    ]


async def _against_scim2_server(
    folder: Path, people: int, rounds: int
) -> tuple[list[float], list[float], list[str]]:
    ours: list[float] = []
    bare: list[float] = []
    for round_ in range(rounds):
        async with applications.running(applications.SCIM2_SERVER, folder) as application:
            bare.append(people / await _bare_posts(application, people))
        async with applications.running(applications.SCIM2_SERVER, folder) as application:
            spec = AppSpec(
                name=AppName("chat"),
                connector="scim",
                settings={"url": application.url, "token": application.token.reveal()},
                limits=Limits(concurrency=_CONCURRENCY),
            )
            home = folder / f"scim-{round_}"
            async with open_desk(MusterSettings(home=home, database_url="")) as desk:
                seconds, _ = await _synced(desk, spec, people, profiled=False)
                ours.append(people / seconds)
    return ours, bare, await _profile_once(folder, people)


async def _profile_once(folder: Path, people: int) -> list[str]:
    """One more round under the profiler; its speed does not count."""
    async with applications.running(applications.SCIM2_SERVER, folder) as application:
        spec = AppSpec(
            name=AppName("chat"),
            connector="scim",
            settings={"url": application.url, "token": application.token.reveal()},
            limits=Limits(concurrency=_CONCURRENCY),
        )
        async with open_desk(MusterSettings(home=folder / "profiled", database_url="")) as desk:
            _, profile = await _synced(desk, spec, people, profiled=True)
    return profile


async def _against_null_target(
    folder: Path, people: int, rounds: int
) -> tuple[list[float], list[float], list[str]]:
    ours: list[float] = []
    bare: list[float] = []
    profile: list[str] = []
    for round_ in range(rounds + 1):
        bare_seconds = await _bare_loop(people)
        async with _null_desk(folder / f"null-{round_}") as (desk, target):
            profiled = round_ == rounds
            seconds, told = await _synced(desk, None, people, profiled=profiled)
            if len(target.accounts) != people:
                raise AssertionError(f"{len(target.accounts)} accounts for {people} people")
            if profiled:
                profile = told
            else:
                bare.append(people / bare_seconds)
                ours.append(people / seconds)
    return ours, bare, profile


@asynccontextmanager
async def _null_desk(home: Path) -> AsyncGenerator[tuple[Desk, MemoryTarget]]:
    """A desk whose one app is an application in memory: a fake, said to be one."""
    target = MemoryTarget()
    connector = memory.connect(target)

    async def nothing() -> None:
        return None

    async def connect(app: App) -> Target:
        return Target(app=app, manifest=MANIFEST, connector=connector, close=nothing)

    settings = MusterSettings(home=home, database_url="")
    async with open_desk(settings, installed=Installed({})) as opened:
        db = await open_database(settings.url, migrate=True)
        try:
            engine = Engine(
                db=db, targets=Targets(connect), clock=system_clock, new_id=new_id, chance=random.random
            )
            desk = Desk(
                tenant=opened.tenant,
                db=db,
                engine=engine,
                clock=system_clock,
                new_id=new_id,
                random=opened.random,
                seal_key=opened.seal_key,
                connectors={"memory": MANIFEST},
            )
            spec = AppSpec(
                name=AppName("null"), connector="memory", settings={}, limits=Limits(concurrency=_CONCURRENCY)
            )
            app = await configuring.put_app(desk, _ACTOR, spec)
            await configuring.put_rule(
                desk, _ACTOR, Rule(tenant=desk.tenant, name="everyone", app=app.name, when=Everyone())
            )
            yield desk, target
        finally:
            await db.close()


async def _synced(
    desk: Desk, spec: AppSpec | None, people: int, *, profiled: bool
) -> tuple[float, list[str]]:
    """Seconds from the first claim to the last recorded account, and where they went."""
    if spec is not None:
        app = await configuring.put_app(desk, _ACTOR, spec)
        await configuring.put_rule(
            desk, _ACTOR, Rule(tenant=desk.tenant, name="everyone", app=app.name, when=Everyone())
        )
    rows = "userName,name.givenName,name.familyName,email,title,department\n" + "".join(
        f"p{number},Pat,N{number},p{number}@acme.example,Engineer,Engineering\n" for number in range(people)
    )
    await importing.import_people(desk, _ACTOR, rows.encode(), format="csv", name="bench.csv", source="hr")
    keys = frozenset(
        {key for app in await finding.all_apps(desk) for key in await configuring.keys_of_app(desk, app)}
    )
    profiler = cProfile.Profile()
    started = time.perf_counter()
    if profiled:
        profiler.enable()
    async with Worker(desk.engine):
        left = await converging.see_through(desk, keys, patience=600)
    if profiled:
        profiler.disable()
    seconds = time.perf_counter() - started
    if left:
        raise AssertionError(f"{len(left)} keys did not converge: {left[0].reason}")
    return seconds, _rooms(profiler) if profiled else []


async def _bare_posts(application: Running, people: int) -> float:
    headers = {
        "Authorization": f"Bearer {application.token.reveal()}",
        "Content-Type": "application/scim+json",
    }
    turn = asyncio.Semaphore(_CONCURRENCY)
    async with aiohttp.ClientSession(
        headers=headers, connector=aiohttp.TCPConnector(limit=_CONCURRENCY)
    ) as session:

        async def post(number: int) -> None:
            body = {
                "schemas": [_URN],
                "externalId": new_id(),
                "userName": f"p{number}",
                "name": {"givenName": "Pat", "familyName": f"N{number}"},
                "title": "Engineer",
                "emails": [{"type": "work", "value": f"p{number}@acme.example"}],
                "active": True,
            }
            async with turn, session.post(f"{application.url}/Users", json=body) as answer:
                answer.raise_for_status()
                await answer.read()

        started = time.perf_counter()
        await asyncio.gather(*(post(number) for number in range(people)))
        return time.perf_counter() - started


async def _bare_loop(people: int) -> float:
    connector = memory.connect(MemoryTarget())
    started = time.perf_counter()
    for number in range(people):
        new = New(kind=ACCOUNT, external_id=str(number), attributes={"userName": f"p{number}"})
        await connector.create(new, OperationId(str(number)))
    return time.perf_counter() - started


def _rooms(profiler: cProfile.Profile) -> list[str]:
    """Own CPU time by package, the largest first; waiting for sockets and disk is no CPU time."""
    spent: defaultdict[str, float] = defaultdict(float)
    stats = pstats.Stats(profiler)
    for (file, _, name), (_, _, own, _, _) in stats.stats.items():  # type: ignore[attr-defined]
        spent[_room(file, name)] += own
    total = sum(spent.values())
    ordered = sorted(spent.items(), key=lambda one: -one[1])
    return [f"{seconds / total:6.1%}  {room}" for room, seconds in ordered[:12]]


def _room(file: str, name: str) -> str:
    if "/muster/" in file:
        return "muster." + file.rpartition("/muster/")[2].partition("/")[0].removesuffix(".py")
    if file == "~":
        return (
            "waiting for events (idle)"
            if "run_until_complete" in name or "run_once" in name
            else f"built-in {name}"
        )
    parts = Path(file).parts
    return (
        parts[parts.index("site-packages") + 1] if "site-packages" in parts else f"stdlib {Path(file).stem}"
    )
