"""How cells write numbers, dates, sets of classes and nothing at all.

- `convention`: the decimal mark and the order of dates of a column, found from counts over it;
- `number_patterns`, `date_patterns`: patterns that Python's re and RE2 share;
- `written_numbers`, `written_dates`: the readers in Python;
- `label_sets`, `set_guess`: sets of classes in one cell;
- `blanks`: what an empty cell is;
- `number_style`: writes new numbers like the others of a column;
- `convention_notes`: sentences about columns that can be read in several ways.
"""

from studio.engine.conventions.convention import (
    DATE_ORDERS,
    DECIMALS,
    Convention,
    Conventions,
    DateEvidence,
    FoundConvention,
    NumberEvidence,
    find_date_order,
    find_decimal,
)

__all__ = [
    "DATE_ORDERS",
    "DECIMALS",
    "Convention",
    "Conventions",
    "DateEvidence",
    "FoundConvention",
    "NumberEvidence",
    "find_date_order",
    "find_decimal",
]
