"""How cells are read in DuckDB: the rules of `studio.engine.conventions.written_numbers` as SQL
expressions.
"""

from __future__ import annotations

from studio.engine.conventions import Convention
from studio.engine.conventions.date_patterns import (
    FIRST_YEAR_OF_TWO_DIGITS,
    ISO_PATTERN,
    PARTS_PATTERN,
    SHORT_PATTERN,
    WORDED_PATTERN,
    WORDED_REWRITES,
)
from studio.engine.conventions.number_patterns import (
    BOUND_PATTERN,
    COMMA_CORE_PATTERN,
    DURATION_PATTERN,
    EXPONENT_PATTERN,
    FOLDED_FROM,
    FOLDED_TO,
    MAX_NUMBER_CHARS,
    NEGATIVE_PATTERN,
    NOT_CORE_PATTERN,
    NUMBER_PATTERN,
    OPEN_COMMA_PATTERN,
    OPEN_POINT_PATTERN,
    POINT_CORE_PATTERN,
    UNIT_PATTERN,
    WRITTEN_PATTERN,
)
from studio.sql import text_literal

_TIMES = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %H.%M", " %H.%M.%S", " %I:%M %p",
" %I:%M:%S %p", " %I:%M%p",
          "T%H:%M:%S")  # fmt: skip
_SIGNS = {"usd": "$", "us$": "$", "eur": "€", "gbp": "£", "jpy": "¥", "cny": "¥"}


def matches(cell: str, pattern: str) -> str:
    """Return whether the whole cell has the pattern."""
    return f"regexp_full_match({cell}, {text_literal(pattern)})"


def folded(cell: str) -> str:
    """Return the cell with look-alike signs replaced, null where it is too long for a number."""
    same = f"trim(translate({cell}, {text_literal(FOLDED_FROM)}, {text_literal(FOLDED_TO)}))"
    return f"CASE WHEN length({cell}) <= {MAX_NUMBER_CHARS} THEN {same} END"


def is_plain_number(cell: str) -> str:
    """Return whether the cell is a number as programs write it."""
    return matches(f"trim({cell})", NUMBER_PATTERN)


def is_written_number(cell: str) -> str:
    """Return whether the cell is a number as people write it; null where it is too long for one."""
    return matches(folded(cell), f"{WRITTEN_PATTERN}|{EXPONENT_PATTERN}|{DURATION_PATTERN}")


def is_bound(cell: str) -> str:
    """Return whether a written number is a bound, such as <0.5."""
    return matches(folded(cell), f"{BOUND_PATTERN}.*")


def is_duration(cell: str) -> str:
    """Return whether the cell is a number of minutes and seconds, such as 12:30."""
    return matches(folded(cell), DURATION_PATTERN)


def number_core(cell: str) -> str:
    """Return the digits of a written number with the marks that may be decimal."""
    without_units = f"regexp_replace({folded(cell)}, {text_literal(UNIT_PATTERN)}, '', 'g')"
    return f"regexp_replace({without_units}, {text_literal(NOT_CORE_PATTERN)}, '', 'g')"


def unit(cell: str) -> str:
    """Return the unit of a written number, one name for each; empty where it has none."""
    found = f"lower(regexp_extract({folded(cell)}, {text_literal(UNIT_PATTERN)}))"
    singular = f"if(length({found}) > 2, rtrim({found}, 's'), {found})"
    names = " ".join(
        f"WHEN {text_literal(name)} THEN {text_literal(sign)}" for name, sign in _SIGNS.items()
    )
    name = f"CASE {singular} {names} ELSE {singular} END"
    return f"CASE WHEN {is_duration(cell)} THEN ':' ELSE {name} END"


def number(cell: str, convention: Convention = Convention.POINT) -> str:
    """Return the number that a cell is, null where it is none."""
    plain = is_plain_number(cell)
    if convention is Convention.COMMA:
        plain = f"{plain} AND NOT contains({cell}, '.')"
    read = (
        f"CASE WHEN {plain} THEN trim({cell}) WHEN {is_written_number(cell)} THEN"
        f" {_rewritten(cell, convention)} END"
    )
    finite = f"nullif(nullif(try_cast({read} AS DOUBLE), 'inf'::DOUBLE), '-inf'::DOUBLE)"
    return f"CASE WHEN {is_duration(cell)} THEN {_in_smallest_unit(cell)} ELSE {finite} END"


def _in_smallest_unit(cell: str) -> str:
    """Return the number of seconds of a duration of minutes and seconds."""
    parts = f"string_split(replace(ltrim({folded(cell)}, '+-'), ',', '.'), ':')"
    numbers = f"list_transform({parts}, lambda part: part::DOUBLE)"
    value = f"list_reduce({numbers}, lambda value, part: 60 * value + part)"
    return f"if(starts_with({folded(cell)}, '-'), -{value}, {value})"


def short_date(cell: str) -> str:
    """Return the three numbers and the time of a date, as texts that are empty where it is none."""
    parts = text_literal(PARTS_PATTERN)
    return f"regexp_extract(trim({cell}), {parts}, ['first', 'middle', 'last', 'time'])"


def number_evidence(cells: str) -> str:
    """Return the query for the fields of `NumberEvidence` over cells `cell` that occur `n` times
    each.
    """
    core = number_core("cell")
    has_exponent = matches(folded("cell"), EXPONENT_PATTERN)
    open_comma = f"NOT has_exponent AND {matches('core', OPEN_COMMA_PATTERN)}"
    open_point = f"NOT has_exponent AND {matches('core', OPEN_POINT_PATTERN)}"
    return f"""
        SELECT coalesce(sum(n) FILTER (WHERE is_point AND NOT is_open_point
          AND NOT is_open_comma), 0),
               coalesce(sum(n) FILTER (WHERE is_comma AND NOT is_open_point
                 AND NOT is_open_comma), 0),
               coalesce(sum(n) FILTER (WHERE is_open_point), 0),
                 coalesce(sum(n) FILTER (WHERE is_open_comma), 0),
               count(DISTINCT core) FILTER (WHERE is_whole AND length(core) < 4),
               count(DISTINCT core) FILTER (WHERE is_whole AND length(core) >= 4),
               coalesce(min(cell) FILTER (WHERE is_open_point OR is_open_comma), '')
        FROM (
            SELECT cell, n, core, {open_comma} AS is_open_comma, {open_point} AS is_open_point,
                   {matches("core", POINT_CORE_PATTERN)} AS is_point, {
        matches("core", COMMA_CORE_PATTERN)
    } AS is_comma,
                   {matches("core", "[1-9][0-9]*")} AS is_whole
            FROM (
                SELECT cell, n, {core} AS core, {has_exponent} AS has_exponent FROM {cells}
                WHERE {is_plain_number("cell")}
                   OR {is_written_number("cell")} AND NOT {is_duration("cell")}
            )
        )"""


def date_evidence(cells: str) -> str:
    """Return the query for the fields of `DateEvidence` over cells `cell` that occur `n` times
    each.
    """
    return f"""
        SELECT coalesce(sum(n), 0), {_sum("is_day_first")}, {_sum("is_month_first")},
          {_sum("is_year_first")},
               {_sum("mark = '.'")}, {_sum("mark = '/'")},
               coalesce(min(bare) FILTER (WHERE is_day_first
                   AND (is_month_first AND first != middle OR is_year_first AND first != last)), '')
        FROM (
            SELECT *, middle <= 12 AND first <= 31 AS is_day_first, first <= 12
              AND middle <= 31 AS is_month_first,
                   middle <= 12 AND last <= 31 AND n_digits <= 2 AS is_year_first
            FROM (
                SELECT n, bare, parts.first::INTEGER AS first, parts.middle::INTEGER AS middle,
                       parts.last::INTEGER AS last, length(parts.last) AS n_digits,
                       regexp_extract(bare, '^[0-9]+([-/.])', 1) AS mark
                FROM (
                    SELECT n, trim(cell) AS bare, {short_date("cell")} AS parts FROM {cells}
                    WHERE {matches("trim(cell)", SHORT_PATTERN)}
                )
            )
        )"""


def _sum(condition: str) -> str:
    return f"coalesce(sum(n) FILTER (WHERE {condition}), 0)"


def moment(cell: str, order: Convention) -> str:
    """Return the seconds since 1970 at which a cell is in this order, null where it is no date.

    A date without a zone is in UTC.
    """
    bare = f"trim({cell})"
    iso = f"regexp_replace({bare}, '^([0-9]{{4}})[-/.]([0-9]{{1,2}})[-/.]', '\\1-\\2-')"
    worded = bare
    for pattern, replacement in WORDED_REWRITES:
        worded = f"regexp_replace({worded}, {text_literal(pattern)}, {text_literal(replacement)})"
    short = _epoch(_short_as_iso("short", Convention.DAY_FIRST))
    # In a lambda, so that the cell is rewritten once and not at every mention.
    of_words = f"list_transform([{worded}], lambda short: {short})[1]"
    return f"""CASE
        WHEN {matches(bare, ISO_PATTERN)} THEN {_epoch(iso)}
        WHEN {matches(bare, SHORT_PATTERN)} THEN {_epoch(_short_as_iso(cell, order))}
        WHEN {matches(bare, WORDED_PATTERN)} THEN {of_words}
        WHEN {matches(bare, "[0-9]{8}")} THEN epoch(try_strptime({bare}, '%Y%m%d'))
        WHEN {matches(bare, "[0-9]{4}")} THEN epoch(try_cast({bare} || '-01-01' AS TIMESTAMP))
        WHEN {matches(bare, "[0-9]{4}-[0-9]{2}")} THEN epoch(try_cast({bare} || '-01' AS TIMESTAMP))
    END"""


def _short_as_iso(cell: str, order: Convention) -> str:
    """Return a date whose year is not first with its year first; null where the order cannot be."""
    parts = short_date(cell)
    first, middle, last, time = (f"{parts}.{name}" for name in ("first", "middle", "last", "time"))
    year, month, day = {
        Convention.DAY_FIRST: (last, middle, first),
        Convention.MONTH_FIRST: (last, first, middle),
        Convention.YEAR_FIRST: (f"if(length({last}) <= 2, {first}, NULL)", middle, last),
    }[order]
    full_year = f"""CASE WHEN length({last}) > 2 THEN {year}
        WHEN {year}::INTEGER < {FIRST_YEAR_OF_TWO_DIGITS} THEN ({year}::INTEGER + 2000)::VARCHAR
        ELSE ({year}::INTEGER + 1900)::VARCHAR END"""
    return f"{full_year} || '-' || {month} || '-' || {day} || {time}"


def _epoch(date: str) -> str:
    iso = f"regexp_replace({date}, ' ([+-][0-9]{{2}}:?[0-9]{{2}})$', '\\1')"
    formats = ", ".join(text_literal(f"%Y-%m-%d{time}") for time in _TIMES)
    return (
        f"coalesce(epoch(try_cast({iso} AS TIMESTAMPTZ)), epoch(try_strptime({iso}, [{formats}])))"
    )


def _rewritten(cell: str, convention: Convention) -> str:
    """Return a written number as programs write it."""
    core = number_core(cell)
    is_comma = matches(core, COMMA_CORE_PATTERN)
    if convention is Convention.COMMA:
        is_comma = f"({is_comma} OR NOT {matches(core, POINT_CORE_PATTERN)})"
    with_comma = f"replace(replace({core}, '.', ''), ',', '.')"
    unsigned = f"CASE WHEN {is_comma} THEN {with_comma} ELSE replace({core}, ',', '') END"
    is_negative = f"regexp_matches({folded(cell)}, {text_literal(NEGATIVE_PATTERN)})"
    sign = f"CASE WHEN {is_negative} THEN '-' ELSE '' END"
    exponent = f"replace({folded(cell)}, ',', '.')"
    return (
        f"CASE WHEN {matches(folded(cell), EXPONENT_PATTERN)} THEN {exponent} ELSE {sign} ||"
        f" {unsigned} END"
    )
