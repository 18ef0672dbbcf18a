"""Patterns for dates as people and programs write them, in the syntax that Python's re and RE2
share.
"""

from __future__ import annotations

TIME_PATTERN = (
    r"[ T]+(?:[01]?[0-9]|2[0-3])[:.][0-5][0-9](?:[:.][0-5][0-9](?:[.,][0-9]+)?)?(?: ?[AaPp][Mm])?"
    r"(?: ?(?:Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2}))?"
)
# How months begin in English, Dutch, French, German, Italian, Portuguese and Spanish.
_MONTHS = (
    "jan|ene|gen",
    "feb|fév|fev",
    "mar|mär|mrz|mrt|maa",
    "apr|abr|avr",
    "may|mai|mei|mag",
    "jun|juin|giu",
    "jul|juil|lug",
    "aug|ago|aoû|aou",
    "sep|set",
    "oct|okt|out|ott",
    "nov",
    "dec|déc|dez|dic",
)
_LETTERS = "[A-Za-zäçéûÄÇÉÛ]*"
_MONTH = rf"(?i:{'|'.join(_MONTHS)}){_LETTERS}\.?"
_WEEKDAY = r"(?i:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? |[A-Za-zäáéíóûç]{2,10}\.?, "
ISO_PATTERN = rf"[0-9]{{4}}[-/.][0-9]{{1,2}}[-/.][0-9]{{1,2}}(?:{TIME_PATTERN})?"
MONTH_PATTERN = r"(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])"
# A day without signs; a whole number may be one.
COMPACT_PATTERN = r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
PARTIAL_PATTERN = r"[0-9]{8}|[0-9]{4}(?:-[0-9]{2})?"  # a day without signs, a year, a month
# Three numbers whose order is a matter of convention. Points and two digits alone may be a version,
# such as 1.2.10.
SHORT_PATTERN = (
    rf"(?:[0-9]{{1,2}}[-/][0-9]{{1,2}}[-/](?:[0-9]{{4}}|[0-9]{{2}})|[0-9]{{1,2}}\.[0-9]{{1,2}}\.[0-9]{{4}}"
    rf"|[0-9]{{2}}\.[0-9]{{2}}\.[0-9]{{2}})(?:{TIME_PATTERN})?"
)
_WORDED_TIME = f"(?:,?{TIME_PATTERN})?"
WORDED_PATTERN = (
    rf"(?:{_WEEKDAY})?(?:[0-9]{{1,2}}(?:(?:\.|st|nd|rd|th)? (?:de )?{_MONTH} (?:de )?|-{_MONTH}-)"
    rf"(?:[0-9]{{4}}|[0-9]{{2}}){_WORDED_TIME}"
    rf"|{_MONTH} [0-9]{{1,2}}(?:st|nd|rd|th)?,? [0-9]{{4}}{_WORDED_TIME}"
    rf"|{_MONTH} [0-9]{{1,2}} [0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}} [+-][0-9]{{4}} [0-9]{{4}})"
)
DATETIME_PATTERN = f"{ISO_PATTERN}|{SHORT_PATTERN}|{WORDED_PATTERN}|{MONTH_PATTERN}"

# What makes day-month-year of a date in words, one replacement after the other.
WORDED_REWRITES = (
    (f"^(?:{_WEEKDAY})", ""),
    *(
        (rf"(^|[ -])(?i:{names}){_LETTERS}\.?", rf"\1~{month:02d}~")
        for month, names in enumerate(_MONTHS, start=1)
    ),
    (r"^~([0-9]+)~ ([0-9]+) ([0-9:]+) ([+-][0-9]+) ([0-9]+)$", r"\2-\1-\5 \3\4"),
    (r"^~([0-9]+)~ ([0-9]+)[a-z]*,? ([0-9]+),?", r"\2-\1-\3"),
    (r"^([0-9]+)[^0-9]+([0-9]+)[^0-9]+([0-9]+),?", r"\1-\2-\3"),
)

# The three numbers of a date, and its time.
PARTS_PATTERN = (
    r"^(?P<first>[0-9]{1,4})[-/.](?P<middle>[0-9]{1,2})[-/.](?P<last>[0-9]{1,4})"
    r"(?P<time>[^0-9].*)?$"
)
FIRST_YEAR_OF_TWO_DIGITS = 69  # 69 is 1969 and 68 is 2068, as in POSIX
