"""What a run's page reads out of its log: the seconds of each stage, and what was found."""

from __future__ import annotations

from studio.stage_lines import QUEUED_AGAIN, found_so_far, stage_lines

STAGES = ("Reading rows", "Reading features", "Training models", "Saving")
LOG = (
    "    0.2 s  Reading rows\n"
    "    1.2 s  Reading features\n"
    "    4.0 s  12 of 200 rows are near duplicates of another\n"
    "   10.2 s  Training models\n"
)


def test_stages_have_their_seconds_up_to_the_current_one() -> None:
    lines = stage_lines(STAGES, "Training models", LOG, elapsed_s=15.2)
    assert [(line.name, line.is_done, line.is_current) for line in lines] == [
        ("Reading rows", True, False),
        ("Reading features", True, False),
        ("Training models", False, True),
        ("Saving", False, False),
    ]
    seconds = [None if line.seconds is None else round(line.seconds, 1) for line in lines]
    assert seconds == [1.0, 9.0, 5.0, None]


def test_a_stage_that_is_left_out_has_no_seconds() -> None:
    log = "    0.2 s  Reading rows\n    3.2 s  Training models\n"
    lines = stage_lines(STAGES, "Training models", log, elapsed_s=4.0)
    assert lines[1].seconds is None
    assert lines[1].is_done


def test_findings_are_the_lines_that_are_no_stages() -> None:
    assert found_so_far(STAGES, LOG) == ["12 of 200 rows are near duplicates of another"]


def test_a_run_that_is_queued_again_begins_anew() -> None:
    log = f"{LOG}   20.0 s  {QUEUED_AGAIN}its worker died.\n    0.1 s  Reading rows\n"
    assert found_so_far(STAGES, log) == []
    lines = stage_lines(STAGES, "Reading rows", log, elapsed_s=0.6)
    assert round(lines[0].seconds or 0, 1) == 0.5
    assert lines[2].seconds is None
