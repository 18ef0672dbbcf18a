"""The `cleanlab` command of the public client against a running studio."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pandas as pd

from tests.client.conftest import Live
from tests.client.notebook import Notebook, client_program


def cleanlab(
    live: Live, folder: Path, *arguments: str, answers: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder, with settings of its own."""
    environment = live.environment | {"XDG_CONFIG_HOME": str(folder / "config")}
    command = [str(client_program("cleanlab")), *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        input=answers,
        capture_output=True,
        text=True,
        timeout=100,
    )


def test_wrong_key_is_refused_and_nothing_works_without_one(live: Live, tmp_path: Path) -> None:
    assert cleanlab(live, tmp_path, "login", "--key", "cs_nothing").returncode != 0
    result = cleanlab(
        live, tmp_path, "cleanset", "download", "--id", "00000000-0000-4000-8000-000000000000"
    )
    assert "No valid API key found" in result.stdout + result.stderr


def test_dataset_is_uploaded_with_its_schema_and_a_cleanset_downloaded(
    cell: Notebook, live: Live, tmp_path: Path, made: dict[str, dict[str, str]]
) -> None:
    assert "API key is valid" in cleanlab(live, tmp_path, "login", "--key", live.key).stdout
    pd.DataFrame({"amount": ["1", "2"] * 10, "label": ["a", "b"] * 10}).to_csv(
        tmp_path / "sent.csv", index=False
    )
    (tmp_path / "schema.json").write_text(json.dumps([{"name": "amount", "column_type": "string"}]))
    uploaded = cleanlab(live, tmp_path, "dataset", "upload", "sent.csv", "-s", "schema.json")
    dataset = uploaded.stdout.partition("dataset ID = ")[2].partition(")")[0]
    assert (
        cell(f'api.get_dataset_schema(KEY, "{dataset}")["fields"]["amount"]["data_type"]')
        == "string"
    )

    cleanset = made["text"]["cleanset"]
    cell(f'studio.wait_until_cleanset_ready("{cleanset}", timeout=100)')
    for number, flags in enumerate(([], ["-a"])):
        result = cleanlab(
            live, tmp_path, "cleanset", "download", "--id", cleanset, "-o", f"{number}.csv", *flags
        )
        assert result.returncode == 0, result.stderr
    plain, everything = (pd.read_csv(tmp_path / f"{number}.csv") for number in range(2))
    assert list(plain) == ["cleanlab_row_ID", "clean_label"]
    assert {"is_label_issue", "suggested_label", "p_given_label", "top_labels"} <= set(everything)
    assert plain["cleanlab_row_ID"].tolist() == list(range(90))


def test_columns_are_joined_to_a_file_that_has_ids(
    cell: Notebook, live: Live, tmp_path: Path, made: dict[str, dict[str, str]]
) -> None:
    cleanlab(live, tmp_path, "login", "--key", live.key)
    cell(
        f'frames["text"].assign(cleanlab_row_ID=range(N)).to_csv({str(tmp_path / "rows.csv")!r},'
        " index=False)"
    )
    cleanset = made["text"]["cleanset"]
    cell(f'studio.wait_until_cleanset_ready("{cleanset}", timeout=100)')
    arguments = ["--id", cleanset, "-f", "rows.csv", "-o", "joined.csv", "-c"]
    result = cleanlab(live, tmp_path, "cleanset", "download", *arguments)
    assert result.returncode == 0, result.stderr
    joined = pd.read_csv(tmp_path / "joined.csv")
    assert len(joined) == 90
    assert {"message", "topic", "is_label_issue", "clean_label"} <= set(joined)
