"""A database with many synthetic cases: `python -m benchmarks.fill URL [--cases 1000000]`.

A few examples are submitted for real to a small database; their rows are then copied with other
members, providers, numbers, keys and days, documents included, so that every copied case can be found,
read and answered like one that came in. The database is migrated and given the demo payer first. It may
be filled in several goes: each adds cases. On PostgreSQL rows go in by COPY without checks of foreign
keys (they are right by construction), which takes a superuser.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import re
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import psycopg
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from sqlalchemy import create_engine, insert, make_url, select

from app.auth.door import door
from app.clock import moment
from app.domain.guide import Guide
from app.factory import build_context, prepare
from app.flows.submit import submit
from app.settings import Settings
from app.store import Store, migrate
from app.store.compression import pack, unpack
from app.store.tables import metadata

EXAMPLES = Path(__file__).resolve().parents[1] / "examples" / "pas"
NAMES = (
    "oxygen-approved",
    "oxygen-clinical-review",
    "oxygen-missing-facts",
    "cpap-modified",
    "mri-approved-form",
    "mixed-lines",
    "no-authorization-needed",
)
YEARS = 3
WAITING = timedelta(days=14)
"""Older cases have all been decided."""
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
CHUNK = 2_000
MEMBERS = 180_000
"""Members of a filling of a million; fewer cases have fewer members."""
HEAVY, HEAVY_CASES = 100, 1_000
"""Some members have very many requests."""
PROVIDERS = 5_000
FAMILY, GIVEN = "Delgado", "Rosa"
"""Of all of them, as in the inquiry examples; birth date and number tell them apart."""
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Row = tuple[Any, ...]
Make = Callable[["Copy"], Any]


def member_number(index: int) -> str:
    """The number of a synthetic member."""
    return f"FW9{index:07d}"


def birth_date(index: int) -> date:
    """The birth date of a synthetic member."""
    return date(1940, 1, 1) + timedelta(days=index * 7919 % 25_000)


def npi(index: int) -> str:
    """A synthetic provider's NPI, with its right check digit."""
    body = f"19{index:07d}"
    digits = [int(each) for each in "80840" + body]
    doubled = [sum(divmod(2 * each, 10)) if place % 2 else each
               for place, each in enumerate(reversed(digits), 1)]  # fmt: skip
    return f"{body}{-sum(doubled) % 10}"


def provider_of(member: int, turn: int) -> int:
    """A member goes to few providers, the first of them most of the time."""
    return (member * 31 + (0, 0, 0, 1, 1, 2)[turn % 6] * 977) % PROVIDERS


@dataclass(frozen=True, slots=True)
class Spread:
    """Who the cases are about, by how many there are."""

    cases: int

    @property
    def members(self) -> int:
        """How many members there are."""
        return max(50, MEMBERS * self.cases // 1_000_000)

    @property
    def heavy(self) -> int:
        """How many of them have a thousand requests: a tenth of all requests."""
        return max(1, min(HEAVY, self.cases // 10 // HEAVY_CASES))

    def member(self, chance: random.Random) -> int:
        """Whom a new case is about: a tenth are those with many, the others fall off slowly."""
        if chance.random() < 0.1:
            return chance.randrange(self.heavy)
        return self.heavy + int((self.members - self.heavy) * chance.random() ** 1.3)


@dataclass(slots=True)
class Copy:
    """What is new in one copy of a case: values in the place of the template's."""

    texts: list[str]
    ids: Mapping[uuid.UUID, uuid.UUID]
    later: timedelta
    born: date


@dataclass(frozen=True, slots=True)
class Template:
    """The rows of one real case, prepared to be copied."""

    rows: tuple[tuple[str, tuple[Make, ...]], ...]
    tokens: tuple[str, ...]
    ids: tuple[uuid.UUID, ...]
    at: datetime
    waits: bool


class Copier:
    """Makes rows of new cases from what was stored of the real ones."""

    def __init__(self, raw: Sequence[Mapping[str, Any]], spread: Spread) -> None:
        self._all = [_template(each) for each in raw]
        self._decided = [each for each in self._all if not each.waits]
        self._spread = spread

    def rows(self, chance: random.Random, at: Sequence[datetime]) -> dict[str, list[Row]]:
        """The rows of as many cases as there are instants, by table."""
        made: dict[str, list[Row]] = {}
        for turn, instant in enumerate(at):
            is_new = instant > NOW - WAITING
            template = chance.choice(self._all if is_new else self._decided)
            copy = _copy(template, chance, self._spread, instant, turn)
            for table, makes in template.rows:
                made.setdefault(table, []).append(tuple([make(copy) for make in makes]))
        return made


def _copy(
    template: Template, chance: random.Random, spread: Spread, at: datetime, turn: int
) -> Copy:
    """The first tokens say who: member, provider, birth date, names; then numbers, keys and days."""
    member = spread.member(chance)
    later = timedelta(days=(at - template.at).days)
    ids = {each: _new_id(chance, at, each) for each in template.ids}
    texts = [member_number(member), npi(provider_of(member, turn)), birth_date(member).isoformat()]
    texts += [FAMILY, GIVEN]
    for token in template.tokens[len(texts) :]:
        if _UUID.fullmatch(token):
            texts.append(str(ids[uuid.UUID(token)]))
        elif re.fullmatch(r"\d{4}-\d\d-\d\d", token):
            texts.append((date.fromisoformat(token) + later).isoformat())
        else:
            prefix = token.partition("-")[0][:8]
            texts.append(f"{prefix}-{''.join(chance.choices(_ALPHABET, k=12))}")
    return Copy(texts, ids, later, birth_date(member))


def _new_id(chance: random.Random, at: datetime, old: uuid.UUID) -> uuid.UUID:
    """A key of the same version: time-ordered ones are of the case's own instant."""
    if old.version != 7:
        return uuid.UUID(int=chance.getrandbits(128), version=4)
    millis = int(at.timestamp() * 1000)
    low = (0x2 << 62) | chance.getrandbits(62)
    return uuid.UUID(int=(millis << 80) | (0x7 << 76) | (chance.getrandbits(12) << 64) | low)


def _template(raw: Mapping[str, Any]) -> Template:
    tokens = tuple(raw["tokens"])
    ids = tuple(uuid.UUID(each) for each in tokens if _UUID.fullmatch(each))
    cut = re.compile("|".join(re.escape(each) for each in sorted(tokens, key=len, reverse=True)))
    places = {token: place for place, token in enumerate(tokens)}
    rows = []
    for name, values in raw["rows"]:
        columns = [column.name for column in metadata.tables[name].columns]
        rows.append((name, _makes(name, columns, values, cut, places)))
    return Template(tuple(rows), tokens, ids, raw["at"], raw["waits"])


def _makes(
    table: str, columns: list[str], values: Row, cut: re.Pattern[str], places: Mapping[str, int]
) -> tuple[Make, ...]:
    if "body" in columns:
        row = dict(zip(columns, values, strict=True))
        return _packed(columns, row, cut, places)
    if table == "submissions":
        made = dict(zip(columns, [_make(v, cut, places) for v in values], strict=True))
        named, system = made["value"], values[columns.index("system")]
        made["transaction_key"] = lambda copy: hashlib.sha256(
            f"{len(system)} {system}{named(copy)}".encode()
        ).digest()
        return tuple(made[name] for name in columns)
    return tuple(
        (lambda copy: copy.born) if name == "born" and value else _make(value, cut, places)
        for name, value in zip(columns, values, strict=True)
    )


def _packed(
    columns: list[str],
    row: Mapping[str, Any],
    cut: re.Pattern[str],
    places: Mapping[str, int],
) -> tuple[Make, ...]:
    """A row with a compressed body: the body is made once for each copy, with what hangs on it."""
    text = _make(unpack(row["dictionary"], row["body"]).decode(), cut, places)
    kept: dict[str, Any] = {}

    def first(copy: Copy) -> Any:
        content = text(copy).encode()
        kept["dictionary"], kept["body"] = pack(content)
        kept["sha256"], kept["size"] = hashlib.sha256(content).digest(), len(content)
        return row[columns[0]]

    made: list[Make] = [first]
    for name in columns[1:]:
        if name in ("dictionary", "body", "sha256", "size"):
            made.append(_kept(kept, name))
        else:
            made.append(_make(row[name], cut, places))
    return tuple(made)


def _kept(values: Mapping[str, Any], name: str) -> Make:
    return lambda _copy: values[name]


def _make(value: Any, cut: re.Pattern[str], places: Mapping[str, int]) -> Make:
    """How a value is made anew in each copy."""
    if isinstance(value, uuid.UUID):
        return lambda copy: copy.ids.get(value, value)
    if isinstance(value, datetime | date):
        return lambda copy: value + copy.later
    if not isinstance(value, str) or not cut.search(value):
        return lambda _copy: value
    between = cut.split(value)
    order = [places[found] for found in cut.findall(value)]

    def text(copy: Copy) -> str:
        texts = copy.texts
        parts = [between[0]]
        for place, following in zip(order, between[1:], strict=True):
            parts.append(texts[place])
            parts.append(following)
        return "".join(parts)

    return text


def real_cases() -> list[dict[str, Any]]:
    """The rows of examples that were submitted to a database of their own, with their tokens."""
    made = []
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/real.sqlite3"
        settings = Settings.from_environ({"DATABASE_URL": url, "FORTHWITH_DEMO": "on"})
        prepare(settings)
        context, caller = build_context(settings), door(settings)("")
        for guide in Guide:
            for name in NAMES:
                path = EXAMPLES / guide.value / f"{name}.json"
                if not path.is_file():
                    continue
                bundle = orjson.loads(path.read_bytes())
                bundle["identifier"]["value"] = f"bundle-{uuid.uuid4().hex}"
                submit(context, caller, orjson.dumps(bundle), guide, moment())
                made.append(_rows_of_last(url, bundle))
        context.store.close()
    return made


def _rows_of_last(url: str, bundle: Any) -> dict[str, Any]:
    """The newest case, row by row in the order of foreign keys."""
    engine = create_engine(url)
    rows: list[tuple[str, Row]] = []
    with engine.connect() as connection:
        cases = metadata.tables["cases"]
        case = connection.execute(select(cases).order_by(cases.c.id.desc()).limit(1)).one()
        events = metadata.tables["events"]
        found = connection.execute(select(events.c.data).where(events.c.case_id == case.id))
        papers = {uuid.UUID(d) for (t,) in found if (d := orjson.loads(t).get("document"))}
        for table in metadata.sorted_tables:
            if table.name == "documents":
                chosen = table.c.id.in_(papers)
            elif table.name == "cases":
                chosen = table.c.id == case.id
            elif "case_id" in table.c:
                chosen = table.c.case_id == case.id
            else:
                continue
            rows += [
                (table.name, tuple(r)) for r in connection.execute(select(table).where(chosen))
            ]
    engine.dispose()
    return {
        "rows": rows,
        "tokens": _tokens(rows, case, bundle),
        "at": case.received_at,
        "waits": case.due is not None,
    }


def _tokens(rows: Sequence[tuple[str, Row]], case: Any, bundle: Any) -> list[str]:
    patient = next(
        each["resource"]
        for each in bundle["entry"]
        if each["resource"]["resourceType"] == "Patient"
    )
    ids = [str(v) for _, row in rows for v in row if isinstance(v, uuid.UUID)]
    public = [row[2] for name, row in rows if name == "resources"]
    numbers = [row[1] for name, row in rows if name == "case_numbers"]
    days = [v.isoformat() for name, row in rows if name == "case_items" for v in row[8:10] if v]
    (name,) = patient["name"]
    known = [case.member_id, case.requestor_npi, patient["birthDate"]]
    known += [name["family"], name["given"][0]]
    rest = [bundle["identifier"]["value"], *numbers, *public, *ids, *days]
    return list(dict.fromkeys([*known, *(each for each in rest if each not in known)]))


def fill(url: str, cases: int, processes: int, seed: int, started: Callable[[int], None]) -> None:
    """Add `cases` cases; `started` is told how many more there are after each chunk."""
    raw, spread = real_cases(), Spread(cases)
    chunks = [(place, min(CHUNK, cases - place), cases, seed) for place in range(0, cases, CHUNK)]
    if make_url(url).get_backend_name() == "sqlite":
        copier = Copier(raw, spread)
        for chunk in chunks:
            _into_sqlite(url, _chunk(copier, *chunk))
            started(chunk[1])
        return
    with ProcessPoolExecutor(processes, initializer=_ready, initargs=(raw, spread, url)) as pool:
        for done in as_completed([pool.submit(_one, *chunk) for chunk in chunks]):
            started(done.result())
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as link:
        link.execute("VACUUM (ANALYZE)")


_worker: dict[str, Any] = {}


def _ready(raw: Sequence[Mapping[str, Any]], spread: Spread, url: str) -> None:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    link = psycopg.connect(plain)
    link.execute("SET session_replication_role = replica")
    link.execute("SET synchronous_commit = off")
    link.commit()
    _worker.update(copier=Copier(raw, spread), link=link)


def _one(place: int, count: int, cases: int, seed: int) -> int:
    link = _worker["link"]
    rows = _chunk(_worker["copier"], place, count, cases, seed)
    with link.cursor() as cursor:
        for table in metadata.sorted_tables:
            if table.name in rows:
                names = ", ".join(f'"{column.name}"' for column in table.columns)
                with cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as out:
                    for row in rows[table.name]:
                        out.write_row(row)
    link.commit()
    return count


def _chunk(copier: Copier, place: int, count: int, cases: int, seed: int) -> dict[str, list[Row]]:
    """The cases from `place` on, in the order of their time."""
    step = timedelta(days=365 * YEARS) / cases
    first = NOW - timedelta(days=365 * YEARS)
    at = [first + step * each for each in range(place, place + count)]
    return copier.rows(random.Random(f"{seed} {place}"), at)


def _into_sqlite(url: str, rows: Mapping[str, list[Row]]) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        for table in metadata.sorted_tables:
            names = [column.name for column in table.columns]
            if table.name in rows:
                named = [dict(zip(names, row, strict=True)) for row in rows[table.name]]
                connection.execute(insert(table), named)
    engine.dispose()


def prepared(url: str) -> None:
    """Migrate the database and give it the demo payer."""
    store = Store(url)
    migrate(store)
    store.close()
    prepare(Settings.from_environ({"DATABASE_URL": url, "FORTHWITH_DEMO": "on"}))


def shown(cases: int) -> Iterator[Callable[[int], None]]:
    """A bar on standard error that counts cases."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("cases", total=cases)
        yield lambda more: bar.advance(task, more)


def main() -> None:
    """Fill the database that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fill", description=__doc__)
    parser.add_argument("url", help="postgresql+psycopg://... or sqlite:///...")
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    prepared(args.url)
    for more in shown(args.cases):
        fill(args.url, args.cases, args.processes, args.seed, more)


if __name__ == "__main__":
    main()
