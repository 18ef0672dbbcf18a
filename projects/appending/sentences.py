"""What appending a file did, in words."""

from __future__ import annotations

from projects.appending.comparison import AppendEffect, Comparison
from studio.engine.table.required_columns import some


def nothing_to_append(effect: AppendEffect, filename: str) -> str:
    """Explain why a file adds nothing to a dataset."""
    if not effect.n_rows:
        return f"{filename} has no rows, so there is nothing to append."
    if effect.n_changed:
        return (
            f"The dataset has all {effect.n_rows:,} keys of {filename} already. To take over their"
            " new values, choose to update existing rows."
        )
    return f"The dataset has all {effect.n_rows:,} rows of {filename} already."


def append_notes(
    comparison: Comparison, effect: AppendEffect, base_number: int, filename: str
) -> list[str]:
    """Return notes on what was appended, and on what was not."""
    choice = comparison.choice
    notes = [f"Version {base_number} with {_rows(effect.n_added)} of {filename} appended."]
    n_left_out = effect.n_rows - effect.n_added - effect.n_updated
    if effect.n_updated:
        notes.append(f"{_rows(effect.n_updated)} with a known key got new cells.")
    if n_left_out and choice.key:
        notes.append(f"{_rows(n_left_out)} with a known key {_were(n_left_out)} left out.")
    elif n_left_out:
        notes.append(
            f"{_rows(n_left_out)} that the dataset already has {_were(n_left_out)} left out."
        )
    if effect.n_without_key:
        notes.append(
            f"{_rows(effect.n_without_key)} without a “{choice.key}” {_were(effect.n_without_key)}"
            " appended as new."
        )
    renamed = [
        f"“{source}” as “{name}”" for name, source in comparison.sources.items() if source != name
    ]
    if renamed:
        notes.append(f"Columns of the file were read under another name: {', '.join(renamed)}.")
    if choice.blank_columns:
        notes.append(f"Left empty in the new rows: {some(choice.blank_columns)}.")
    if comparison.ignored_columns:
        notes.append(
            f"Columns of the file that the dataset does not have, so that they were not read:"
            f" {some(comparison.ignored_columns)}."
        )
    return notes


def _rows(n: int) -> str:
    return "1 row" if n == 1 else f"{n:,} rows"


def _were(n: int) -> str:
    return "was" if n == 1 else "were"
