"""What appending a file did, in words."""

from __future__ import annotations

from collections.abc import Sequence

from projects.appending.comparison import KEY_CHARS, AppendEffect, Comparison
from projects.appending.written_forms import UnreadableCells, WrittenForm
from studio.engine.counted import counted
from studio.engine.table.columns import ColumnKind
from studio.engine.table.required_columns import some


def nothing_to_append(effect: AppendEffect, filename: str) -> str:
    """Explain why a file adds nothing to a dataset."""
    if not effect.n_rows:
        return f"{filename} has no rows, so there is nothing to append."
    if effect.n_changed:
        verb = "has" if effect.n_changed == 1 else "have"
        return (
            f"The dataset has all keys of {filename} already, of which {effect.n_changed:,} {verb}"
            " other cells in the file. To take these over, choose to update existing rows."
        )
    if effect.n_rows == 1:
        return f"The dataset has the row of {filename} already."
    return f"The dataset has all {effect.n_rows:,} rows of {filename} already."


def append_notes(
    comparison: Comparison,
    effect: AppendEffect,
    unreadable: Sequence[UnreadableCells],
    base_number: int,
    filename: str,
) -> list[str]:
    """Return notes on what was appended, and on what was not."""
    choice = comparison.choice
    notes = [f"Version {base_number} with {counted(effect.n_added, 'row')} of {filename} appended."]
    n_left_out = effect.n_rows - effect.n_added - effect.n_updated
    if effect.n_updated:
        notes.append(f"{counted(effect.n_updated, 'row')} with a known key got new cells.")
    if n_left_out and choice.key:
        rows = counted(n_left_out, "row with a known key was", "rows with a known key were")
        notes.append(f"{rows} left out.")
    elif n_left_out:
        known = "that the dataset already has"
        rows = counted(n_left_out, f"row {known} was", f"rows {known} were")
        notes.append(f"{rows} left out.")
    if effect.n_without_key:
        without = f"without a “{choice.key}”"
        rows = counted(effect.n_without_key, f"row {without} was", f"rows {without} were")
        notes.append(f"{rows} appended as new.")
    return notes + file_notes(comparison, effect, unreadable)


def file_notes(
    comparison: Comparison, effect: AppendEffect, unreadable: Sequence[UnreadableCells]
) -> list[str]:
    """Return notes on how a file differs from the dataset, whatever becomes of its rows."""
    notes = []
    if effect.n_absent:
        rows = counted(effect.n_absent, "row of the dataset is", "rows of the dataset are")
        pronoun = "It stays" if effect.n_absent == 1 else "They stay"
        notes.append(f"{rows} not in the file. {pronoun}: appending deletes nothing.")
    if effect.n_repeated:
        rows = counted(
            effect.n_repeated, "row of the file is a copy", "rows of the file are copies"
        )
        notes.append(f"{rows} of earlier rows of the same file.")
    renamed = [
        f"“{source}” as “{name}”" for name, source in comparison.sources.items() if source != name
    ]
    if renamed:
        notes.append(f"Columns of the file are read under another name: {', '.join(renamed)}.")
    if comparison.choice.blank_columns:
        notes.append(f"Left empty in the new rows: {some(comparison.choice.blank_columns)}.")
    if comparison.ignored_columns:
        notes.append(
            f"Columns of the file that the dataset does not have, so that they are not read:"
            f" {some(comparison.ignored_columns)}."
        )
    columns_of: dict[WrittenForm, list[str]] = {}
    for name, form in comparison.rewritten.items():
        columns_of.setdefault(form, []).append(name)
    for form, names in columns_of.items():
        in_file, in_dataset = form.example
        verb = "is" if len(names) == 1 else "are"
        notes.append(
            f"{some(names)} {verb} written like {in_file} in the file and like {in_dataset} in the"
            " dataset. The cells are taken over in the form of the dataset."
        )
    notes += [_unreadable(one) for one in unreadable]
    return notes


def _unreadable(one: UnreadableCells) -> str:
    kind = "date" if one.kind is ColumnKind.DATETIME else "number"
    verb = "is" if one.n_unreadable == 1 else "are"
    return (
        f"{one.n_unreadable:,} of {one.n_filled:,} cells of “{one.column}” {verb} not a {kind} as"
        f" the dataset writes them, such as “{one.example[:KEY_CHARS]}”; models treat such cells"
        " as missing."
    )
