"""What is known of a column, as it is stored, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from studio.engine.conventions import Convention, FoundConvention
from studio.engine.conventions.written_numbers import read_numbers
from studio.engine.counted import counted
from studio.engine.table.columns import MEASURED, ColumnKind


@dataclass(frozen=True, slots=True)
class TopValue:
    """A value and its number of rows; a long value is cut to 200 characters, with an ellipsis."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts between neighbouring edges, the last edge included.

    Edges of datetimes are seconds since 1970, UTC.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """What is known of a column of a table.

    `kind` is the chosen kind, or the inferred one if none was chosen; `drawn_as` is the kind that
    the histogram or the frequent values were computed for. `n_distinct` does not count missing
    cells and is an estimate (within some 2%) if `is_distinct_estimated`. `lowest` and `highest`
    are the smallest and largest number or moment as text, and None for other kinds. `partition` is
    a hash that two columns share exactly if they group the rows alike, that is, if one is a copy or
    a renaming of the other; it is None for columns with too many values to be a label. `sketch`
    agrees, up to its sign, between columns of numbers of which one is the other on another scale.
    `counts_rows` says whether the numbers are an index that was saved with the table.
    `found_convention` is the inferred way in which numbers or dates are written, and
    `chosen_convention` the user's choice. If most cells are numbers, but too few for a column of
    numbers, `n_numbers` counts them and `words` are the first others. `units` are the units of
    numbers that have different ones. `missing_by_part` counts the missing cells in equally long
    parts of the file, where some cells are missing. Of numbers, `n_bounds` are bounds such as
    `bound`, and `duration` is one of those that are durations, if any are.
    """

    name: str
    kind: ColumnKind
    inferred_kind: ColumnKind
    n_rows: int
    n_missing: int
    n_distinct: int
    is_distinct_estimated: bool
    mean_length: float
    mean_words: float
    top_values: tuple[TopValue, ...] = ()
    histogram: Histogram | None = None
    lowest: str | None = None
    highest: str | None = None
    partition: str | None = None
    sketch: tuple[float, ...] | None = None
    counts_rows: bool = False
    drawn_as: ColumnKind | None = None
    found_convention: FoundConvention | None = None
    chosen_convention: Convention | None = None
    n_numbers: int = 0
    words: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    missing_by_part: tuple[int, ...] = ()
    n_bounds: int = 0
    bound: str = ""
    duration: str = ""

    @property
    def numbers_note(self) -> str:
        """How its bounds and durations are read as numbers; empty without any."""
        if self.kind not in MEASURED or self.kind is ColumnKind.DATETIME:
            return ""
        notes = []
        if self.n_bounds:
            cells = counted(self.n_bounds, "cell is a bound", "cells are bounds")
            notes.append(f"{cells}, such as “{self.bound}”, and read without the sign.")
        if self.duration:
            (number,) = read_numbers([self.duration])
            notes.append(
                f"Durations are read in their smallest unit: “{self.duration}” as {number:.15g}."
            )
        return " ".join(notes)

    @property
    def words_note(self) -> str:
        """Which words keep it from being a column of numbers; empty if the user chose its kind."""
        if not self.words or self.kind is not self.inferred_kind:
            return ""
        n_filled = self.n_rows - self.n_missing
        words = ", ".join(f"“{word}”" for word in self.words)
        return (
            f"Column “{self.name}” is taken as {self.kind}, although {self.n_numbers:,} of its"
            f" {n_filled:,} filled cells are numbers; others are words: {words}."
        )

    @property
    def units_note(self) -> str:
        """Which units keep it from being a column of numbers; empty if the user chose its kind."""
        if not self.units or self.kind is not self.inferred_kind:
            return ""
        units = " and ".join(f"“{unit}”" for unit in self.units)
        return (
            f"Column “{self.name}” is taken as {self.kind}, because its numbers have different"
            f" units, such as {units}. To learn from them as numbers, convert them to one unit in"
            " the file."
        )

    @property
    def convention(self) -> Convention | None:
        """How its numbers or dates are read; None where it has none."""
        if self.chosen_convention or self.found_convention is None:
            return self.chosen_convention
        return self.found_convention.convention

    @property
    def has_readings(self) -> bool:
        """Whether the convention changes the value of some cell, or the user chose one."""
        found = self.found_convention
        if found is None or self.kind not in MEASURED:
            return False
        is_usual = found.convention in (Convention.POINT, Convention.YEAR_FIRST)
        return not is_usual or bool(found.n_other or found.example or self.chosen_convention)

    @property
    def is_convention_assumed(self) -> bool:
        """Whether the cells fit several conventions and the user chose none."""
        is_open = self.found_convention is not None and not self.found_convention.is_certain
        return is_open and self.kind in MEASURED and self.chosen_convention is None

    @property
    def is_constant(self) -> bool:
        """Whether all cells are equal, so that there is nothing to learn from the column."""
        return self.n_distinct == 0 or (self.n_distinct == 1 and self.n_missing == 0)

    @property
    def missing_fraction(self) -> float:
        """Missing cells over rows."""
        if not self.n_rows:
            return 0.0
        return self.n_missing / self.n_rows

    def to_dict(self) -> dict[str, object]:
        """Plain JSON types, for a JSON column of the database."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, object]) -> ColumnProfile:
        """The profile that `to_dict` wrote."""
        top_values = tuple(
            TopValue(**top)
            for top in stored["top_values"]  # type: ignore[attr-defined]
        )
        spread: Mapping[str, list[float]] | None = stored["histogram"]  # type: ignore[assignment]
        histogram = spread and Histogram(
            tuple(spread["edges"]), tuple(int(count) for count in spread["counts"])
        )
        kinds = {field: ColumnKind(str(stored[field])) for field in ("kind", "inferred_kind")}
        kinds["drawn_as"] = ColumnKind(str(stored.get("drawn_as") or stored["inferred_kind"]))
        conventions: dict[str, object] = {"found_convention": None, "chosen_convention": None}
        found = stored.get("found_convention")
        if isinstance(found, Mapping):
            conventions["found_convention"] = FoundConvention.from_dict(found)
        chosen = stored.get("chosen_convention")
        if chosen:
            conventions["chosen_convention"] = Convention(str(chosen))
        projections: list[float] | None = stored.get("sketch")  # type: ignore[assignment]
        sketch = tuple(projections) if projections else None
        parts = {
            **stored,
            **kinds,
            **conventions,
            "top_values": top_values,
            "histogram": histogram,
            "sketch": sketch,
            "words": tuple(stored.get("words") or ()),  # type: ignore[arg-type]
            "units": tuple(stored.get("units") or ()),  # type: ignore[arg-type]
            "missing_by_part": tuple(stored.get("missing_by_part") or ()),  # type: ignore[arg-type]
        }
        return cls(**parts)  # type: ignore[arg-type]
