"""Patterns for dates as people and programs write them, in the syntax that Python's re and RE2
share.
"""

from __future__ import annotations

TIME_PATTERN = (
    r"[ T]+(?:[01]?[0-9]|2[0-3])[:.][0-5][0-9](?:[:.][0-5][0-9](?:[.,][0-9]+)?)?(?: ?[AaPp][Mm])?"
    r"(?: ?(?:Z|UTC|[+-][0-9]{2}:?[0-9]{2}))?"
)
_MONTH = r"(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
ISO_PATTERN = rf"[0-9]{{4}}[-/.][0-9]{{1,2}}[-/.][0-9]{{1,2}}(?:{TIME_PATTERN})?"
PARTIAL_PATTERN = r"[0-9]{8}|[0-9]{4}(?:-[0-9]{2})?"  # a day without signs, a year, a month
# Three numbers whose order is a matter of convention. Points and two digits alone may be a version,
# such as 1.2.10.
SHORT_PATTERN = (
    rf"(?:[0-9]{{1,2}}[-/][0-9]{{1,2}}[-/](?:[0-9]{{4}}|[0-9]{{2}})|[0-9]{{1,2}}\.[0-9]{{1,2}}\.[0-9]{{4}}"
    rf"|[0-9]{{2}}\.[0-9]{{2}}\.[0-9]{{2}})(?:{TIME_PATTERN})?"
)
WORDED_PATTERN = (
    rf"[0-9]{{1,2}}(?: {_MONTH} |-{_MONTH}-)(?:[0-9]{{4}}|[0-9]{{2}})(?:{TIME_PATTERN})?"
    rf"|{_MONTH} [0-9]{{1,2}},? [0-9]{{4}}(?:{TIME_PATTERN})?"
    rf"|[A-Z][a-z]{{2}} {_MONTH} [0-9]{{1,2}} [0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}} [+-][0-9]{{4}}"
    r" [0-9]{4}"
)
DATETIME_PATTERN = f"{ISO_PATTERN}|{SHORT_PATTERN}|{WORDED_PATTERN}"

# The three numbers of a date, and its time.
PARTS_PATTERN = (
    r"^(?P<first>[0-9]{1,4})[-/.](?P<middle>[0-9]{1,2})[-/.](?P<last>[0-9]{1,4})"
    r"(?P<time>[^0-9].*)?$"
)
FIRST_YEAR_OF_TWO_DIGITS = 69  # 69 is 1969 and 68 is 2068, as in POSIX
