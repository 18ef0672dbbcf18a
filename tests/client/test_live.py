"""The real public client, unmodified, against a running studio: every capability of its
Python API.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.client.conftest import Live
from tests.client.notebook import CellError, Notebook

Made = dict[str, dict[str, str]]


def refusal(cell: Notebook, code: str) -> CellError:
    """Return the error that the cell ends in."""
    with pytest.raises(CellError) as caught:
        cell(code)
    return caught.value


def test_invalid_key_is_refused(cell: Notebook) -> None:
    assert refusal(cell, 'Studio("cs_nothing")').kind == "ValueError"


def test_uploaded_frame_is_in_the_dashboard_and_found_by_its_name(
    cell: Notebook, made: Made, live: Live
) -> None:
    page = live.visitor().open("/").text
    assert made["text"]["dataset"] in page
    assert "text v1" in page
    assert (
        cell('studio.poll_dataset_id_for_name("text v1.2", timeout=5)') == made["text"]["dataset"]
    )
    assert cell('api.get_dataset_id_for_name(KEY, "never sent", None)') is None


def test_files_of_every_format_are_read(cell: Notebook, tmp_path: Any, live: Live) -> None:
    ids = cell(f"""
        folder, frame = pathlib.Path({str(tmp_path)!r}), frames["text"].head(20)
        frame.to_csv(folder / "rows.csv", index=False)
        frame.to_csv(folder / "packed.csv.gz", index=False)
        frame.to_csv(folder / "tabs.tsv", index=False, sep="\\t")
        frame.to_excel(folder / "book.xlsx", index=False)
        frame.to_json(folder / "records.json", orient="records")
        files = ["rows.csv", "packed.csv.gz", "tabs.tsv", "book.xlsx", "records.json"]
        with ThreadPoolExecutor(5) as pool:
            ids = list(pool.map(lambda name: studio.upload_dataset(folder / name), files))
        ids
        """)
    visitor = live.visitor()
    for dataset in ids:
        assert re.search(
            r"\b20\s+rows", re.sub(r"<[^>]+>", " ", visitor.open(f"/datasets/{dataset}").text)
        )


def test_file_of_several_parts_arrives_whole(cell: Notebook, tmp_path: Any, live: Live) -> None:
    (dataset,) = cell(f"""
        path = {str(tmp_path / "large.csv")!r}
        pd.DataFrame({{"text": ["x" * 90_000] * 100, "n": range(100)}}).to_csv(path, index=False)
        [studio.upload_dataset(path)]
        """)
    assert "100" in live.visitor().open(f"/datasets/{dataset}").text
    assert list(cell(f'api.get_dataset_schema(KEY, "{dataset}")["fields"]')) == ["text", "n"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "empty"),
        ("a,b\n1,2,3\n4,5\n", r"Line 2|line 2"),
        ('{"a": 1}x', "."),
        ("\x89PNG\r\n\x1a\n", "PNG image"),
    ],
)
def test_file_that_cannot_be_read_is_reported_with_the_reason(
    content: str, message: str, cell: Notebook, tmp_path: Any
) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content.encode("latin-1"))
    error = refusal(
        cell,
        f"""
        upload_dataset(KEY, FilepathDatasetSource(filepath=pathlib.Path({str(path)!r})))
        """,
    )
    assert error.kind == "IngestionError"
    assert re.search(message, error.message), error.message


def test_column_types_that_are_named_hold(cell: Notebook) -> None:
    kinds = cell("""
        old = {"size": {"data_type": "float", "feature_type": "numeric"}}
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(studio.upload_dataset, typed, "typed", schema_overrides=old)
            second = pool.submit(studio.upload_dataset, typed, "typed2",
                                 schema_overrides=[{"name": "amount", "column_type": "string"}])
        [api.get_dataset_schema(KEY, one.result())["fields"] for one in (first, second)]
        """)
    assert kinds[0]["size"]["data_type"] == "float"
    assert kinds[0]["amount"]["data_type"] == "integer"
    assert kinds[1]["amount"]["data_type"] == "string"
    assert (
        cell("""
        dataset = api.get_dataset_id_for_name(KEY, "typed2", None)
        api.update_schema(KEY, dataset, [{"name": "amount", "column_type": "integer"}])
        api.get_dataset_schema(KEY, dataset)["fields"]["amount"]["data_type"]
        """)
        == "integer"
    )


@pytest.mark.parametrize(
    ("overrides", "kind", "message"),
    [
        (
            [{"name": "size", "column_type": "datetime64"}],
            "APIError",
            "no column type “datetime64”",
        ),
        (
            [{"name": "weight", "column_type": "float"}],
            "IngestionError",
            "name “weight”, but the file has only",
        ),
        ([{"name": "label", "column_type": "integer"}], "IngestionError", "such as “a”"),
    ],
)
def test_column_types_that_cannot_hold_are_refused(
    overrides: list[Any], kind: str, message: str, cell: Notebook
) -> None:
    error = refusal(
        cell,
        f"""
        upload_dataset(KEY, PandasDatasetSource(df=typed, dataset_name="refused"),
          schema_overrides={overrides!r})
        """,
    )
    assert error.kind == kind
    assert message in error.message


def test_file_at_an_address_is_fetched(cell: Notebook, file_server: str) -> None:
    assert (
        cell(
            "api.get_dataset_schema(KEY,"
            f' studio.upload_from_url("{file_server}/moved"))["metadata"]["name"]'
        )
        == "fetched.csv"
    )
    start = 'api.poll_ingestion_progress(KEY, api.start_url_upload(KEY, "{}", None), "")'
    error = refusal(cell, start.format(f"{file_server}/missing.csv"))
    assert (error.kind, "status 404" in error.message) == ("IngestionError", True)
    assert (
        "not an address to fetch" in refusal(cell, start.format("ftp://example.org/a.csv")).message
    )


def test_what_needs_the_hosted_studio_says_so(cell: Notebook) -> None:
    assert "BigQuery" in refusal(cell, "api.get_bigquery_principal_account(KEY)").message
    assert "enrichment" in refusal(cell, "api.list_all_enrichment_projects(KEY)").message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ('"P", "image", label_column="topic"', "modality 'image' is not available"),
        ('"P", "text", task_type="ranking", label_column="topic"', "task type 'ranking'"),
        ('"P", "text", label_column="subject"', "no column “subject”"),
        (
            '"P", "tabular", feature_columns=["nothing"], label_column="topic"',
            "no column “nothing”",
        ),
        ('"P", "text", task_type="regression", label_column="topic"', "number"),
        ('"P", "text", label_column="message", text_column="message"', "message"),
        ('"", "text"', "name"),
    ],
)
def test_choice_that_cannot_be_analysed_is_refused(
    arguments: str, message: str, cell: Notebook, made: Made
) -> None:
    error = refusal(cell, f'create_project(studio, "{made["text"]["dataset"]}", {arguments})')
    assert error.kind == "InvalidProjectConfiguration"
    assert message in error.message


def test_ids_that_lead_nowhere_are_errors(cell: Notebook) -> None:
    nowhere = "00000000-0000-4000-8000-000000000000"
    calls = [
        f'api.get_dataset_details(KEY, "{nowhere}", "multi-class")',
        (
            f'api.clean_dataset(KEY, "{nowhere}", "P", "multi-class", "text", "fast", "topic", [],'
            ' "message")'
        ),
        f'api.get_latest_cleanset_id(KEY, "{nowhere}")',
        f'api.get_cleanset_status(KEY, "{nowhere}")',
        f'api.download_cleanlab_columns(KEY, "{nowhere}")',
        f'api.download_array(KEY, "{nowhere}", "pred_probs")',
        f'api.get_project_of_cleanset(KEY, "{nowhere}")',
        f'api.get_label_column_of_project(KEY, "{nowhere}")',
        f'api.deploy_model(KEY, "{nowhere}", "M")',
        f'api.get_deployed_model_info(KEY, "{nowhere}")',
        f'api.get_prediction_status(KEY, "{nowhere}")',
        f'api.get_ingestion_status(KEY, "{nowhere}")',
        f'api.delete_dataset(KEY, "{nowhere}")',
        f'api.delete_project(KEY, "{nowhere}")',
    ]
    for call in calls:
        error = refusal(cell, call)
        assert (error.kind, "nothing at this address" in error.message) == ("APIError", True), (
            call,
            error,
        )
    assert refusal(cell, 'api.get_cleanset_status(KEY, "42")').kind == "InvalidUUIDError"


def test_analysis_is_followed_until_it_is_ready(cell: Notebook, made: Made) -> None:
    for ids in made.values():
        cell(f'studio.wait_until_cleanset_ready("{ids["cleanset"]}", timeout=100)')
    assert "Step" in cell.printed
    assert cell(f'studio.poll_cleanset_status("{made["text"]["cleanset"]}")') is True


def test_columns_have_types_and_find_the_wrong_labels(cell: Notebook, made: Made) -> None:
    found = cell(f"""
        columns = studio.download_cleanlab_columns("{made["text"]["cleanset"]}")
        worst = columns.sort_values("label_issue_score", ascending=False).head(6)
        {{"ids": columns.cleanlab_row_ID, "worst": worst.cleanlab_row_ID,
          "suggested": worst.suggested_label.dropna(),
          "types": {{name: str(kind) for name, kind in columns.dtypes.items()}}}}
        """)
    assert found["ids"] == list(range(90))
    assert set(found["worst"]) == {0, 15, 30, 45, 60, 75}
    assert set(found["suggested"]) <= {"billing", "delivery", "account"}
    assert found["types"]["is_near_duplicate"] == "bool"
    assert found["types"]["near_duplicate_cluster_id"] == "Int64"
    assert found["types"]["label_issue_score"] == "float64"


def test_labels_keep_their_type(cell: Notebook, made: Made) -> None:
    types = cell("""
        details = {name: studio.download_cleanlab_columns(made[name]["cleanset"],
          include_project_details=True)
                   for name in ("integer", "boolean", "multi-label", "regression")}
        {name: str(frame.clean_label.dtype) for name, frame in details.items()}
        """)
    assert types == {
        "integer": "int64",
        "boolean": "bool",
        "multi-label": "object",
        "regression": "float64",
    }
    integer = cell('details["integer"].iloc[1].to_dict()')
    assert integer["top_labels"][0] == integer["predicted_label"] == integer["given_label"] == 1
    assert (
        integer["cleanlab_is_label_issue"] is False
    )  # the data has a column is_label_issue of its own
    assert cell('details["regression"].suggested_label[3]') < 100
    assert "is_label_issue" not in cell(
        f'studio.download_cleanlab_columns("{made["unsupervised"]["cleanset"]}")'
    )


def test_corrections_made_in_the_browser_are_applied(
    cell: Notebook, made: Made, live: Live
) -> None:
    visitor = live.visitor()
    decide(visitor, made["text"]["cleanset"], 0, choice="label", label="billing")
    decide(visitor, made["text"]["cleanset"], 15, choice="auto-fix")
    decide(visitor, made["text"]["cleanset"], 2, choice="exclude")
    decide(visitor, made["integer"]["cleanset"], 0, choice="label", label="0")
    decide(visitor, made["multi-label"]["cleanset"], 1, choice="label", label='"a, ""b""",007')
    decide(visitor, made["regression"]["cleanset"], 3, choice="label", label="2.5")
    corrected = cell("""
        fixed = {name: studio.apply_corrections(made[name]["cleanset"], frames[name])
                 for name in ("text", "integer", "multi-label", "regression")}
        {"text": [fixed["text"].topic[0], fixed["text"].topic[15], 2 in fixed["text"].index,
          len(fixed["text"])],
         "integer": [fixed["integer"].level[0], str(fixed["integer"].level.dtype)],
         "sets": fixed["multi-label"].tags[1], "price": fixed["regression"].price[3],
         "others": (fixed["integer"].level[1:] == frames["integer"].level[1:]).all()}
        """)
    assert corrected["text"] == ["billing", "billing", False, 89]
    assert corrected["integer"][0] == 0
    assert corrected["integer"][1].lower() == "int64"
    assert corrected["sets"] == '007,"a, ""b"""'
    assert corrected["price"] == 2.5
    assert corrected["others"]
    kept = cell(
        'studio.apply_corrections(made["text"]["cleanset"], frames["text"],'
        " keep_excluded=True).action.to_dict()"
    )
    assert (kept["2"], kept["0"], kept["1"]) == ("exclude", "label", None) or kept["2"] == "exclude"


def decide(visitor: Any, cleanset: str, row_id: int, **values: str) -> None:
    """Decide about a row as its page lets one."""
    visitor.open(f"/cleansets/{cleanset}?issue=all&row={row_id}")
    visitor.submit(f"/rows/{row_id}/decide", **values)


def test_probabilities_come_by_class_and_row(cell: Notebook, made: Made) -> None:
    found = cell(f"""
        chances = studio.download_pred_probs("{made["text"]["cleanset"]}", keep_id=True)
        sums = chances.drop(columns="cleanlab_row_ID").sum(axis=1).round(3).unique()
        {{"columns": list(chances), "sums": sums, "ids": chances.cleanlab_row_ID}}
        """)
    assert found == {
        "columns": ["cleanlab_row_ID", "account", "billing", "delivery"],
        "sums": [1.0],
        "ids": list(range(90)),
    }
    assert cell(f'list(studio.download_pred_probs("{made["text"]["cleanset"]}"))') == [
        "account",
        "billing",
        "delivery",
    ]
    array = 'api.download_array(KEY, "{}", "{}")'
    assert (
        "no classes"
        in refusal(cell, array.format(made["regression"]["cleanset"], "pred_probs")).message
    )
    assert (
        "'regular'" in refusal(cell, array.format(made["text"]["cleanset"], "embeddings")).message
    )


def test_deployed_models_predict_every_kind_of_label(cell: Notebook, made: Made) -> None:
    cell("""
        names = ["text", "integer", "boolean", "multi-label", "regression"]
        deployed = {name: studio.deploy_model(made[name]["cleanset"],
          f"Model {name}") for name in names}
        with ThreadPoolExecutor(len(names)) as pool:
            list(pool.map(lambda one: studio.wait_until_model_ready(one, timeout=100),
              deployed.values()))
        models = {name: studio.get_model(one) for name, one in deployed.items()}
        """)
    found = cell("""
        batch = ["invoice refund card", "", "password\\nlogin, \\"locked\\""]
        jobs = {
            "list": lambda: models["text"].predict(batch, return_pred_proba=True),
            "array": lambda: models["text"].predict(np.array(batch)),
            "series": lambda: models["text"].predict(pd.Series(batch)),
            "frame": lambda: models["text"].predict(frames["text"].head(3)),
            "none": lambda: models["text"].predict([]),
            "integer": lambda: models["integer"].predict(
              frames["integer"].iloc[::-1, ::-1].head(6)),
            "boolean": lambda: models["boolean"].predict(frames["boolean"].head(6)),
            "sets": lambda: models["multi-label"].predict(frames["multi-label"].head(6),
              return_pred_proba=True),
            "numbers": lambda: models["regression"].predict(
              frames["regression"].drop(columns="price").head(6)),
        }
        with ThreadPoolExecutor(len(jobs)) as pool:
            found = dict(zip(jobs, pool.map(lambda job: job(), jobs.values())))
        {"list": found["list"][0], "sums": found["list"][1].sum(axis=1).round(3),
         "classes": list(found["list"][1]), "array": found["array"], "series": found["series"],
         "frame": found["frame"], "none": len(found["none"]),
         "integer": [found["integer"], str(found["integer"].dtype)],
         "boolean": [found["boolean"], str(found["boolean"].dtype)],
         "sets": found["sets"][0], "set classes": list(found["sets"][1]),
         "numbers": found["numbers"], "true numbers": frames["regression"].price.head(6)}
        """)
    assert found["list"][0] == "billing"
    assert found["list"][2] == "account"
    assert found["sums"] == [1.0, 1.0, 1.0]
    assert found["classes"] == ["account", "billing", "delivery"]
    assert found["array"] == found["series"] == found["list"]
    assert found["frame"][1:] == ["delivery", "account"]
    assert found["none"] == 0
    assert found["integer"] == [[2, 1, 0, 2, 1, 0], "int64"]
    assert found["boolean"] == [[False, True, True] * 2, "bool"]
    assert found["sets"] == cell("sets[:6]") or all(
        set(names) <= {'a, "b"', "None", "007"} for names in found["sets"]
    )
    assert sorted(found["set classes"]) == ["007", "None", 'a, "b"']
    assert found["numbers"][0] == pytest.approx(found["true numbers"][0], abs=15)


def test_prediction_that_cannot_be_made_says_why(cell: Notebook, made: Made) -> None:
    error = refusal(cell, 'models["integer"].predict(frames["regression"][["width"]].head(3))')
    assert (error.kind, "“height”" in error.message) == ("APIError", True)
    assert "list of texts" in refusal(cell, 'models["integer"].predict(["a text"])').message
    deploy = f'api.deploy_model(KEY, "{made["unsupervised"]["cleanset"]}", "M")'
    assert "label" in refusal(cell, deploy).message


def test_analysis_that_was_cancelled_ends_the_wait(cell: Notebook, made: Made, live: Live) -> None:
    cleansets = cell("""
        projects = [create_project(studio, made["text"]["dataset"], name, "text",
          model_type="regular")
                    for name in ("First", "Second")]
        [studio.get_latest_cleanset_id(project) for project in projects]
        """)
    visitor = live.visitor()
    for cleanset in reversed(cleansets):
        visitor.open(f"/cleansets/{cleanset}")
        visitor.submit("/cancel")
    error = refusal(
        cell,
        f"""
        clean_helpers.poll_cleanset_status(KEY, "{cleansets[1]}", timeout=60)
        """,
    )
    assert (error.kind, "cancelled" in error.message) == ("CleansetHandledError", True)


def test_deleted_things_are_gone(cell: Notebook, made: Made, live: Live) -> None:
    cell(f'studio.delete_project("{made["boolean"]["project"]}")')
    assert "Successfully deleted project" in cell.printed
    cell(f'studio.delete_dataset("{made["unsupervised"]["dataset"]}")')
    assert (
        "nothing at this address"
        in refusal(cell, f'api.get_cleanset_status(KEY, "{made["boolean"]["cleanset"]}")').message
    )
    page = live.visitor().open("/").text
    assert "Project boolean" not in page
    assert "Project unsupervised" not in page


def test_no_key_is_written_to_the_log(cell: Notebook, live: Live) -> None:
    error = refusal(
        cell, 'studio.delete_project("00000000-0000-4000-8000-000000000001")'
    )  # reports the failure
    assert error.kind == "APIError"
    log = live.log.read_text()
    assert live.key not in log
    assert "Traceback" not in log
