"""What a terminal shows of commands: progress, notes, warnings, help and versions."""

from __future__ import annotations

import io
import tomllib
from pathlib import Path

import pytest
from django.core.management import call_command, load_command_class

from studio.management.cleanset_ids import EXAMPLE_ID
from studio.management.terminal import TerminalProgress
from tests.commands import run
from tests.data_builders import csv_text, planted_table
from tests.programs import ROOT, manage, studio_environment
from tests.unit.engine.frames import numbers_frame


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("commands")
    (folder / "shapes.csv").write_text(csv_text(planted_table(90, n_wrong=4).frame))
    return folder


def test_terminal_sees_status_2_one_sentence_and_no_database_is_made(
    tmp_path: Path, folder: Path
) -> None:
    data = tmp_path / "data"
    ended = manage(
        "clean", str(folder / "shapes.csv"), "--label", "topic", "--out", str(tmp_path / "out.csv"),
        environment=studio_environment(data),
    )  # fmt: skip
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.splitlines()[-1].startswith("There is no column topic.")
    assert "Traceback" not in ended.stderr
    assert not list(data.glob("*.sqlite3"))


class Screen(io.StringIO):
    """Standard error as a person sees it."""

    def isatty(self) -> bool:
        return True

    def lines(self) -> list[str]:
        """Return what is left to read when a carriage return goes back to the start of its line."""
        shown = []
        for line in self.getvalue().split("\n"):
            columns: list[str] = []
            for piece in line.split("\r"):
                columns[: len(piece)] = piece
            shown.append("".join(columns).rstrip())
        return shown


def test_progress_is_one_changing_line_in_a_terminal() -> None:
    screen = Screen()
    progress = TerminalProgress(screen)
    progress("Reading file", 10, 2_000)
    progress("Profiling")
    progress.log("A note that stays")
    progress.clear()
    assert "Reading file: 10 of 2,000" in screen.getvalue()
    assert screen.lines() == ["A note that stays", ""]


def test_progress_is_a_line_per_stage_elsewhere() -> None:
    stream = io.StringIO()
    progress = TerminalProgress(stream)
    for done in range(500):
        progress("Reading file", done, 500)
    progress("Profiling")
    assert stream.getvalue() == "Reading file\nProfiling\n"


def test_error_is_on_a_line_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a,label\n1,x\n2,x\n")
    screen = Screen()
    arguments = [
        tmp_path / "rows.csv",
        "--label",
        "label",
        "--features",
        "a",
        "--out",
        tmp_path / "o.csv",
    ]
    with pytest.raises(SystemExit):
        call_command("clean", *map(str, arguments), stderr=screen, stdout=io.StringIO())
    assert "Profiling" in screen.getvalue()
    *_, note, sentence, end = screen.lines()
    assert (note, end) == ("Learning label from a", "")
    assert sentence.startswith("The label column “label” has only one class")


def test_quiet_leaves_out_progress_and_notes_but_no_error_and_no_summary(folder: Path) -> None:
    options = [
        "--label",
        "label",
        "--features",
        "height",
        "--mode",
        "fast",
        "--out",
        folder / "quiet.csv",
        "--quiet",
    ]
    ended = run("clean", folder / "shapes.csv", *options)
    assert (ended.status, ended.err) == (0, "")
    assert f"rows  {folder / 'quiet.csv'}" in ended.out
    ended = run("clean", folder / "shapes.csv", *options, "--label", "labl")
    assert (ended.status, ended.err.count("\n")) == (2, 1)


def test_terminal_sees_no_warning_of_a_library(tmp_path: Path) -> None:
    frame = numbers_frame(40)
    frame["price"] = frame["price"].astype(float).round(-1)  # more classes than half of the rows
    (tmp_path / "rows.csv").write_text(csv_text(frame))
    ended = manage(
        "clean", str(tmp_path / "rows.csv"), "--label", "price", "--features", "size,age",
        "--mode", "fast",
        "--out", str(tmp_path / "o.csv"), environment=studio_environment(tmp_path / "data"),
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert "Warning" not in ended.stderr


@pytest.mark.parametrize(
    "arguments", [("apikey", "ann@example.org"), ("decide", EXAMPLE_ID, "decisions.csv")]
)
def test_studio_that_was_never_started_is_named(arguments: tuple[str, ...], tmp_path: Path) -> None:
    ended = manage(*arguments, environment=studio_environment(tmp_path))
    assert ended.returncode == 2
    assert f"The studio in {tmp_path} was never started" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_list_of_commands_begins_with_ours(tmp_path: Path) -> None:
    lines = manage("help", environment=studio_environment(tmp_path)).stdout.splitlines()
    ours = lines[2 : lines.index("", 2)]
    assert [line.split()[0] for line in ours] == [
        "apikey", "append", "backup", "clean", "compare", "decide", "evaluate", "make_bucket",
        "predict", "rerun", "restore", "second_factor_off", "setup_code", "up", "verify",
    ]  # fmt: skip
    assert all(line.endswith((".", "?")) for line in ours)
    assert "Finds label issues" in lines[5]
    assert "    migrate" in lines


@pytest.mark.parametrize(
    "command", ["clean", "predict", "rerun", "append", "decide", "apikey", "backup"]
)
def test_help_has_an_example_and_explains_every_argument(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = load_command_class("studio", command).create_parser("manage.py", command)
    assert [action.dest for action in parser._actions if not action.help] == []
    parser.print_help()
    shown = " ".join(capsys.readouterr().out.split())
    assert f"Example: manage.py {command} " in shown
    assert "Exit status: 0" in shown
    assert "--traceback" not in shown


@pytest.mark.parametrize("arguments", [("--version",), ("version",), ("clean", "--version")])
def test_version_is_that_of_the_studio(arguments: tuple[str, ...], tmp_path: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    shown = manage(*arguments, environment=studio_environment(tmp_path)).stdout
    assert shown == f"Cleanset Studio {project['version']}\n"
