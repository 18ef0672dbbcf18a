"""Where commands write: never over another file, in the format of the name, through links and
pipes, or nowhere.
"""

from __future__ import annotations

import csv
import errno
import gzip
import io
import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest

from cleansets.pipeline import analyse_table
from studio.engine.progress import Progress
from studio.engine.schema import CleansetResult, CleansetSpec
from studio.management.commands import clean
from studio.management.output_files import is_stream, output_file, output_folder, place_name
from studio.management.terminal import Terminal
from tests.commands import Ended, run
from tests.data_builders import csv_text, planted_table
from tests.programs import ROOT, studio_environment

N_ROWS = 60
ANALYSES: dict[tuple[str, bytes], CleansetResult] = {}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "shapes.csv"
    path.write_text(csv_text(planted_table(N_ROWS, n_wrong=3).frame))
    return path


@pytest.fixture(autouse=True)
def _each_table_is_analysed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Return the stored analysis if a test has the table of another, as nearly all have."""

    def analyse(table: Path, spec: CleansetSpec, progress: Progress) -> CleansetResult:
        key = (repr(spec), table.read_bytes())
        if key not in ANALYSES:
            ANALYSES[key] = analyse_table(table, spec, progress=progress)
        return ANALYSES[key]

    monkeypatch.setattr(clean, "analyse_table", analyse)


@pytest.fixture
def terminal() -> Terminal:
    return Terminal(clean.Command().stdout, io.StringIO())


def cleaned(file: Path, *options: object) -> Ended:
    return run(
        "clean", file, "--label", "label", "--features", "height,weight", "--mode", "fast", *options
    )


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_every_format_has_the_same_rows(file: Path) -> None:
    readers: dict[str, Callable[[Path], list[dict[str, str]]]] = {
        "o.csv": lambda path: list(csv.DictReader(path.open(newline=""))),
        "o.tsv": lambda path: list(csv.DictReader(path.open(newline=""), delimiter="\t")),
        "o.csv.gz": lambda path: list(
            csv.DictReader(io.StringIO(gzip.decompress(path.read_bytes()).decode()))
        ),
        "o.json": lambda path: json.loads(path.read_text()),
        "o.jsonl": lambda path: [json.loads(line) for line in path.read_text().splitlines()],
        "o.PARQUET": lambda path: pq.read_table(path).to_pylist(),
        "o.xlsx": _sheet_rows,
    }
    rows = {}
    for name, reader in readers.items():
        ended = cleaned(file, "--out", file.parent / name)
        assert ended.status == 0, ended.err
        rows[name] = reader(file.parent / name)
    for name, found in rows.items():
        assert len(found) == N_ROWS, name
        assert list(found[0]) == list(rows["o.csv"][0]), name
        for column in ("height", "label", "is_label_issue", "cleanlab_row_ID"):
            assert [str(row[column]) for row in found] == [row[column] for row in rows["o.csv"]], (
                name,
                column,
            )
    assert type(rows["o.json"][0]["is_label_issue"]) is bool
    assert type(rows["o.xlsx"][0]["label_issue_score"]) is float


def _sheet_rows(path: Path) -> list[dict[str, str]]:
    sheet = openpyxl.load_workbook(path).active
    assert sheet is not None
    header, *rows = sheet.values
    return [dict(zip(map(str, header), row, strict=True)) for row in rows]


@pytest.mark.parametrize("name", ["o.txt", "o", "o.xls", "o.parquet.gz", "o.csv.zip"])
def test_name_that_says_no_known_format_is_refused_before_any_work(file: Path, name: str) -> None:
    for option in ("--out", "--pred-probs"):
        rest = [] if option == "--out" else ["--out", file.parent / "good.csv"]
        ended = cleaned(file, option, file.parent / name, *rest)
        assert ended.status == 2
        assert ".csv, .tsv, .json, .jsonl, .parquet, .xlsx" in ended.err
        assert "Reading" not in ended.err
    assert names_in(file.parent) == ["shapes.csv"]


def test_table_that_no_sheet_holds_is_refused_before_the_analysis(file: Path) -> None:
    frame = planted_table(N_ROWS, n_wrong=3).frame.assign(note="short")
    frame.loc[4, "note"] = "x" * 40_000
    file.write_text(csv_text(frame))
    ended = cleaned(file, "--out", file.parent / "o.xlsx")
    assert ended.status == 2
    assert "A cell in row 6 of the sheet has 40,000 characters" in ended.err
    assert "Training" not in ended.err


def test_manifest_in_another_format_is_refused(file: Path) -> None:
    ended = cleaned(file, "--out", file.parent / "o.csv", "--manifest", file.parent / "m.csv")
    assert (ended.status, ended.err.count("\n")) == (2, 1)
    assert ".json" in ended.err


def _itself(file: Path) -> Path:
    return file


def _another_spelling(file: Path) -> Path:
    return file.parent / "." / ".." / file.parent.name / file.name


def _symlink(file: Path) -> Path:
    link = file.parent / "link.csv"
    link.symlink_to(file)
    return link


def _hard_link(file: Path) -> Path:
    link = file.parent / "hard.csv"
    link.hardlink_to(file)
    return link


@pytest.mark.parametrize("named", [_itself, _another_spelling, _symlink, _hard_link])
def test_file_that_is_read_is_never_written(file: Path, named: Callable[[Path], Path]) -> None:
    before = file.read_bytes()
    ended = cleaned(file, "--out", named(file))
    assert ended.status == 2
    assert ended.err.startswith("FILE and --out are the same file")
    assert ended.err.count("\n") == 1
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("options", "pair"),
    [
        (["--out", "o.json", "--manifest", "o.json"], "--out and --manifest"),
        (["--out", "o.parquet", "--pred-probs", "./o.parquet"], "--out and --pred-probs"),
        (["--out", "-", "--pred-probs", "/dev/stdout"], "--out and --pred-probs"),
        (["--out", "model.csv", "--model", "model.csv"], "--out and --model"),
    ],
)
def test_two_outputs_in_one_place_are_refused(
    file: Path, options: Sequence[str], pair: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(file.parent)
    ended = cleaned(file, *options)
    assert ended.status == 2
    assert ended.err.startswith(f"{pair} are the same file")
    assert names_in(file.parent) == ["shapes.csv"]


def test_nothing_is_written_into_the_folder_of_a_model(file: Path) -> None:
    model = file.parent / "model"
    ended = cleaned(file, "--out", model / "o.csv", "--model", model)
    assert (ended.status, ended.err) == (
        2,
        f"--out is inside the folder of --model, {model}. Name another place.\n",
    )
    assert cleaned(file, "--out", file.parent / "o.csv", "--model", model).status == 0
    before = {path.name: path.read_bytes() for path in model.iterdir()}
    ended = run("predict", file, "--model", model, "--out", model / "o.csv")
    assert ended.status == 2
    assert "--out is inside the folder of --model" in ended.err
    assert {path.name: path.read_bytes() for path in model.iterdir()} == before


def test_link_stays_a_link_and_its_target_gets_the_content(
    tmp_path: Path, terminal: Terminal
) -> None:
    (tmp_path / "deep").mkdir()
    target, link = tmp_path / "deep" / "rows.csv", tmp_path / "link.csv"
    link.symlink_to("deep/rows.csv")
    for content in ("new", "newer"):  # first to a target that is missing
        with output_file(link, terminal) as partial:
            partial.write_text(content)
        assert link.is_symlink()
        assert target.read_text() == content
    assert names_in(tmp_path / "deep") == ["rows.csv"]


def test_links_in_a_circle_are_refused(tmp_path: Path, file: Path) -> None:
    (tmp_path / "a.csv").symlink_to("b.csv")
    (tmp_path / "b.csv").symlink_to("a.csv")
    ended = cleaned(file, "--out", tmp_path / "a.csv")
    assert (ended.status, ended.err.count("\n")) == (2, 1)
    assert "link" in ended.err


def test_replaced_file_keeps_its_permissions(tmp_path: Path, terminal: Terminal) -> None:
    out = tmp_path / "out.csv"
    out.write_text("old")
    out.chmod(0o600)
    with output_file(out, terminal) as partial:
        partial.write_text("new")
    assert (out.read_text(), stat.S_IMODE(out.stat().st_mode)) == ("new", 0o600)


def test_file_with_the_longest_name_is_written(tmp_path: Path, terminal: Terminal) -> None:
    out = tmp_path / f"{'ü' * 125}.csv"
    with output_file(out, terminal) as partial:
        partial.write_text("new")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["new"]


def test_file_that_cannot_be_replaced_is_written_into(
    tmp_path: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise OSError(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr(Path, "replace", refuse)
    out = tmp_path / "mounted.csv"
    out.write_text("old")
    with output_file(out, terminal) as partial:
        partial.write_text("new")
    assert out.read_text() == "new"
    assert list(tmp_path.iterdir()) == [out]


def test_interrupted_writing_leaves_the_old_file(tmp_path: Path, terminal: Terminal) -> None:
    out = tmp_path / "out.csv"
    out.write_text("old")

    def interrupted() -> None:
        with output_file(out, terminal) as partial:
            partial.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert out.read_text() == "old"
    assert list(tmp_path.iterdir()) == [out]


def test_pipe_gets_the_rows_and_stays_a_pipe(file: Path) -> None:
    pipe = file.parent / "rows.pipe"
    os.mkfifo(pipe)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()), daemon=True)
    reader.start()
    ended = cleaned(file, "--out", pipe)
    reader.join(60)
    assert ended.status == 0, ended.err
    assert len(list(csv.DictReader(io.StringIO(got[0].decode())))) == N_ROWS
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_devices_take_any_number_of_outputs(file: Path) -> None:
    ended = cleaned(file, "--out", "/dev/null", "--pred-probs", "/dev/null")
    assert ended.status == 0, ended.err
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_model_folder_that_is_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "model").symlink_to("real")
    with output_folder(tmp_path / "model", replaceable=set()) as partial:
        (partial / "model.joblib").write_text("x")
    assert (tmp_path / "model").is_symlink()
    assert (tmp_path / "real" / "model.joblib").read_text() == "x"


def shell(line: str, data: Path) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which $M stands for manage.py, with the data folder of its own."""
    environment = {**studio_environment(data), "M": f"{sys.executable} {ROOT / 'manage.py'}"}
    return subprocess.run(
        ["/bin/bash", "-c", f"set -o pipefail; {line}"],
        capture_output=True, text=True, timeout=600, env=environment, cwd=data, check=False,
    )  # fmt: skip


CLEAN = "$M clean shapes.csv --label label --features height,weight --mode fast"


def test_standard_output_has_the_rows_alone(file: Path) -> None:
    ended = shell(f"{CLEAN} --out - --quiet", file.parent)
    assert ended.returncode == 0, ended.stderr
    rows = list(csv.DictReader(io.StringIO(ended.stdout)))
    assert len(rows) == N_ROWS
    assert f"{N_ROWS} rows, 3 classes" in ended.stderr
    assert "rows  standard output" in ended.stderr


def test_rows_redirected_to_a_file_are_whole(file: Path) -> None:
    ended = shell(f"{CLEAN} --out /dev/stdout > o.csv", file.parent)
    assert ended.returncode == 0, ended.stderr
    with (file.parent / "o.csv").open(newline="") as redirected:
        assert len(list(csv.DictReader(redirected))) == N_ROWS


@pytest.mark.parametrize("place", ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_every_name_of_standard_output_is_known(place: str) -> None:
    assert place_name(Path(place)) == "standard output"
    assert is_stream(Path(place))


def test_reader_that_has_enough_ends_the_command_quietly_and_other_outputs_are_whole(
    file: Path,
) -> None:
    for out in (
        "--out - --manifest m.json --pred-probs p.csv",
        "--out o.csv --pred-probs - --manifest m.json",
    ):
        ended = shell(f"{CLEAN} {out} --quiet | true", file.parent)
        assert ended.returncode == 0, ended.stderr
        assert "Error" not in ended.stderr
        assert "fold_id" in json.loads((file.parent / "m.json").read_text())
        (file.parent / "m.json").unlink()
    assert (file.parent / "p.csv").read_text().count("\n") == N_ROWS + 1
    assert (file.parent / "o.csv").read_text().count("\n") == N_ROWS + 1


def test_closed_standard_output_is_not_an_error(file: Path) -> None:
    ended = shell(f"{CLEAN} --out o.csv --quiet | true", file.parent)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert (file.parent / "o.csv").exists()
