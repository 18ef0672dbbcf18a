"""Measures the review page on a small and on a large cleanset, beside bare DuckDB queries.

Each request goes through the whole web application of one process. Processor seconds count, since
the machine may be busy; the wall clock stands beside them.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

SIZES = ((10_000, 1_000), (1_000_000, 100_000))  # rows and decisions


def main() -> None:
    """Make the cleansets, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", help="10000 1000000")
    parser.add_argument("--requests", type=int, default=20, help="of each kind (20)")
    parser.add_argument("--only", nargs="+", default=[], help="kinds of request")
    parser.add_argument("--folder", type=Path, help="where the studio is kept for another time")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        _set_up(folder)
        sizes = [(n_rows, n_rows // 10) for n_rows in options.rows or ()] or SIZES
        for n_rows, n_decisions in sizes:
            _measure(folder, n_rows, n_decisions, options)


def _set_up(folder: Path) -> None:
    import django
    from django.core.management import call_command

    os.environ["STUDIO_DATA_DIR"] = str(folder)
    os.environ["STUDIO_ALLOWED_HOSTS"] = "testserver"
    os.environ["DJANGO_SETTINGS_MODULE"] = "studio.settings"
    django.setup()
    call_command("migrate", verbosity=0)


def _measure(folder: Path, n_rows: int, n_decisions: int, options: argparse.Namespace) -> None:
    from cleansets.models import Cleanset
    from studio.accounts.models import User
    from tests.benchmarks.large_cleanset import make_large_cleanset

    email = f"owner-{n_rows}@example.org"
    owner = User.objects.filter(email=email).first() or User.objects.create_user(email=email)
    cleanset = Cleanset.objects.filter(created_by=owner).first()
    if cleanset is None:
        cleanset = make_large_cleanset(owner, n_rows, n_decisions, folder)
    sys.stdout.write(f"{n_rows:,} rows, {cleanset.reviews.count():,} decisions\n")
    sys.stdout.write(f"{'':24}{'processor, median':>18}{'p95':>8}{'wall, median':>14}{'p95':>8}\n")
    for name, calls in (_requests(cleanset, owner) | _bare(cleanset)).items():
        if not options.only or name in options.only:
            _print(name, _times(calls, options.requests))


def _times(calls: Iterator[Callable[[], object]], n: int) -> list[tuple[float, float]]:
    """Return processor and wall seconds of each call; the first is to warm up."""
    times = []
    for call in itertools.islice(calls, n + 1):
        cpu, wall = time.process_time(), time.perf_counter()
        call()
        times.append((time.process_time() - cpu, time.perf_counter() - wall))
    return times[1:]


def _print(name: str, times: list[tuple[float, float]]) -> None:
    cells = []
    for values in zip(*times, strict=True):
        ordered = sorted(1000 * value for value in values)
        cells += [statistics.median(ordered), ordered[int(0.95 * (len(ordered) - 1))]]
    sys.stdout.write(
        f"{name:24}{cells[0]:>15.0f} ms{cells[1]:>8.0f}{cells[2]:>11.0f} ms{cells[3]:>8.0f}\n"
    )
    sys.stdout.flush()


def _requests(cleanset: object, owner: object) -> dict[str, Iterator[Callable[[], object]]]:
    from django.test import Client

    client = Client(headers={"HX-Request": "true"})
    page_client = Client()
    for each in (client, page_client):
        each.force_login(owner)
    address = f"/cleansets/{cleanset.pk}"
    n_rows = cleanset.n_rows

    def get(query: str) -> Callable[[], object]:
        def call() -> object:
            response = page_client.get(f"{address}?{query}")
            assert response.status_code == 200, response.status_code
            return response

        return call

    def panel(row_id: int) -> Callable[[], object]:
        def call() -> object:
            response = client.get(f"{address}?row={row_id}")
            assert response.status_code == 200, response.status_code
            return response

        return call

    def sentence(row_id: int, issue: str) -> Callable[[], object]:
        def call() -> object:
            response = client.get(f"{address}/rows/{row_id}/why-line?issue={issue}")
            assert response.status_code == 200, response.status_code
            return response

        return call

    def post(path: str, **data: object) -> Callable[[], object]:
        def call() -> object:
            response = client.post(f"{address}/{path}", {"action_id": str(uuid4()), **data})
            assert response.status_code == 200, response.content[:300]
            return response

        return call

    sorts = ("outlier_score", "given_label", "suggested_label", "corrected_label", "action")
    filters = (
        "issue=all&given=class 3&action=undecided",
        "issue=label_issue&suggested=class 4&range=label_issue_score:0.95:1",
        "issue=all&action=corrected&given=class 1",
        "issue=outlier&range=ambiguous_score:0.2:0.8",
    )
    n_pages = n_rows // 50
    rows = itertools.count(7)
    return {
        "first page": itertools.cycle([get("")]),
        "sort": itertools.cycle([get(f"issue=all&sort={name}") for name in sorts]),
        "filters": itertools.cycle([get(query) for query in filters]),
        "page n": (get(f"issue=all&page={1 + k * 37 % n_pages}") for k in itertools.count()),
        "row panel": (panel(next(rows) * 7919 % n_rows) for _ in itertools.count()),
        "sentence of a row": (
            sentence(next(rows) * 7919 % n_rows, issue)
            for issue in itertools.cycle(("label_issue", "outlier", "near_duplicate"))
        ),
        "free text": (get(f"issue=all&q=w{k:x} ") for k in itertools.count(100)),
        "decision": (
            post(f"rows/{next(rows) * 104729 % n_rows}/decide", choice="keep")
            for _ in itertools.count()
        ),
        "undo": (post("undo") for _ in itertools.count()),
    }


def _bare(cleanset: object) -> dict[str, Iterator[Callable[[], object]]]:
    """Return what DuckDB alone takes for the same rows."""
    import duckdb

    from studio import tables

    issues = tables.local_path(cleanset.issues_key)
    table = tables.local_path(cleanset.project.version.table_key)
    database = duckdb.connect(config={"threads": os.cpu_count() or 1})

    def query(condition: str, order: str) -> Callable[[], object]:
        def call() -> object:
            found = database.execute(
                f"SELECT * FROM '{issues}' WHERE {condition} ORDER BY {order} LIMIT 50"
            ).fetchall()
            ids = ", ".join(str(row[0]) for row in found)
            return database.execute(f"SELECT * FROM '{table}' WHERE __row_id IN ({ids})").fetchall()

        return call

    def search(text: str) -> str:
        return (
            f"row_id IN (SELECT __row_id FROM '{table}' WHERE contains(lower(concat_ws(' ',"
            f" *COLUMNS(* EXCLUDE (__row_id)))), '{text}'))"
        )

    score = "label_issue_score DESC, row_id"
    return {
        "DuckDB: first page": itertools.cycle([query("is_label_issue", score)]),
        "DuckDB: sort": itertools.cycle([query("true", "outlier_score DESC, row_id")]),
        "DuckDB: filters": itertools.cycle(
            [query("given_label = 'class 3' AND ambiguous_score > 0.2", score)]
        ),
        "DuckDB: free text": (query(search(f"w{k:x} "), score) for k in itertools.count(100)),
    }


if __name__ == "__main__":
    main()
