"""Columns that the studio adds to a table never take the place of one of the table's own."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inference.pipeline import result_columns
from studio.exports import free_names

WORDS = st.sampled_from(
    ["is_outlier", "Is_Outlier", "action", "ACTION", "tags", "id", "no", "yes", "Straße"]
)
NAMES = st.builds(lambda times, word: "cleanlab_" * times + word, st.integers(0, 3), WORDS)


@given(wanted=st.lists(NAMES, unique=True), own=st.lists(NAMES, unique_by=str.casefold))
def test_added_names_are_distinct_and_none_of_the_table(wanted: list[str], own: list[str]) -> None:
    names = free_names(wanted, own)
    assert len(names) == len(wanted)
    assert len({*names}) == len(names)
    assert not {name.casefold() for name in names} & {name.casefold() for name in own}
    for name, name_wanted in zip(names, wanted, strict=True):
        assert name.endswith(name_wanted)


@given(wanted=st.lists(NAMES, unique=True), own=st.lists(NAMES, unique_by=str.casefold))
def test_name_that_nobody_has_stays(wanted: list[str], own: list[str]) -> None:
    own_names = {name.casefold() for name in own}
    if not any(name.casefold() in own_names for name in wanted):
        assert free_names(wanted, own) == wanted


@given(
    classes=st.lists(
        st.one_of(NAMES, st.just("Suggested Label"), st.text(max_size=4)), unique=True
    ),
    own=st.lists(
        st.one_of(NAMES, st.sampled_from(["Suggested Label", "no (predicted)"])),
        unique_by=str.casefold,
    ),
)
def test_predictions_have_names_of_their_own(classes: list[str], own: list[str]) -> None:
    names = result_columns(own, [*classes, "Suggested Label"])
    assert len({*names}) == len(classes) + 1
    assert not {name.casefold() for name in names} & {name.casefold() for name in own}
