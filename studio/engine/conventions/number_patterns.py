"""Patterns for numbers as people write them, in the syntax that Python's re and RE2 share.

Cells are folded before they are held against the patterns: signs that look alike become one.
"""

from __future__ import annotations

# A number as programs write it: no grouping, no unit, a decimal point.
INTEGER_PATTERN = r"[+-]?[0-9]+(\.0+)?"
NUMBER_PATTERN = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"

_SPACES = "".join(char for char in map(chr, range(0x3001)) if char.isspace() and char != " ")
_MINUS_SIGNS = "\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d"
_APOSTROPHES = "\u2018\u2019\u02bc\u00b4`\uff07"
_WIDE = "\uff0c\uff0e\uff08\uff09\uff05\uff0b\uff04\uffe5\uffe1"
_DIGITS = "".join(
    chr(zero + digit) for zero in (0xFF10, 0x0660, 0x06F0, 0x0966) for digit in range(10)
)
_INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u202a\u202c\u202d\u2060\u2066\u2069\ufeff"

# For SQL's translate(): the invisible ones have no counterpart and go.
FOLDED_FROM = _SPACES + _MINUS_SIGNS + _APOSTROPHES + _WIDE + _DIGITS + _INVISIBLE
FOLDED_TO = (
    " " * len(_SPACES)
    + "-" * len(_MINUS_SIGNS)
    + "'" * len(_APOSTROPHES)
    + ",.()%+$\u00a5\u00a3"
    + "0123456789" * 4
)
FOLDING = {ord(char): FOLDED_TO[place : place + 1] for place, char in enumerate(FOLDED_FROM)}
MAX_NUMBER_CHARS = 60  # of a cell that may be a number

_CODES = (
    "USD|EUR|GBP|JPY|CHF|CAD|AUD|NZD|CNY|RMB|INR|BRL|MXN|SEK|NOK|DKK|ISK|PLN|CZK|HUF|RON|BGN|RUB|UAH|TRY|ZAR|KRW|SGD|"
    "HKD|TWD|THB|ILS|AED|SAR|EGP|NGN|KES|ARS|CLP|COP|PEN|IDR|MYR|PHP|VND|PKR|BDT"
)
CURRENCY_PATTERN = rf"(?:%|(?:US|CA|AU|NZ|HK|A|C|R|S)?\$|[£¥฿₠-₿]|{_CODES}|kr\.?|zł|Kč|Fr\.|Rs\.?)"
# Longer names before those that they begin with, as the first alternative is taken.
_MEASURES_IN_ANY_CASE = (
    "mmol/l|km/h|kmh|mph|mg/dl|m/s|kwh|mwh|kcal|mmhg|mbar|bar|bpm|ppm|rpm|sqft|sq ft|sqm"
    "|minutes?|months?|seconds?|weeks?|hours?|years?|days?|mins?|secs?|hrs?|yrs?"
    "|lbs?|pcs?|pts?|ghz|mhz|khz|hz|gib|mib|kib|tb|gb|mb|kb|km²|cm²|mm²|cm³|kg|mg|km|cm|mm|ft"
    "|mi|oz|ml|cl|dl|ha|kw|kj|ms|px|cc|hp"
)
_MEASURES = f"(?i:{_MEASURES_IN_ANY_CASE})|[µμ][gm]|°[CF]|m[²³]|[ghlmstL°‰]"
UNIT_PATTERN = rf"(?:{CURRENCY_PATTERN}|{_MEASURES})"
_SMALL = r"[0-9]{3}"
_BODY = (
    r"(?:[0-9]+|[0-9]*[.,][0-9]+|[0-9]+\."
    rf"|[1-9][0-9]{{0,2}}(?:,{_SMALL})+(?:\.[0-9]*)?"
    rf"|[1-9][0-9]?(?:,[0-9]{{2}})+,{_SMALL}(?:\.[0-9]*)?"
    rf"|[1-9][0-9]{{0,2}}(?:\.{_SMALL})+(?:,[0-9]+)?"
    rf"|[1-9][0-9]{{0,2}}(?:[ '_]{_SMALL})+(?:[.,][0-9]+)?)"
)
_BEFORE = rf"(?:{CURRENCY_PATTERN} ?)?"
_AFTER = rf"(?: ?{UNIT_PATTERN})?"
BOUND_PATTERN = r"(?:[<>]=?|[≤≥])"  # of a value beyond what could be measured: <0.5
WRITTEN_PATTERN = (
    rf"(?:{BOUND_PATTERN} ?)?(?:[-+]? ?{_BEFORE}{_BODY}{_AFTER}"
    rf"|{CURRENCY_PATTERN} ?[-+] ?{_BODY}{_AFTER}"
    rf"|{_BEFORE}{_BODY}{_AFTER} ?-"
    rf"|{_BEFORE}\( ?{_BEFORE}{_BODY}{_AFTER} ?\){_AFTER})"
)
EXPONENT_PATTERN = r"[+-]?(?:[0-9]+[.,]?[0-9]*|[.,][0-9]+)[eE][+-]?[0-9]+"
# Minutes and seconds, or hours, minutes and seconds: sixty of each make one of the one before.
DURATION_PATTERN = r"[-+]?[0-9]{1,6}:[0-5][0-9](?::[0-5][0-9])?(?:[.,][0-9]+)?"
SIMPLE_COMMA_PATTERN = r"[+-]?[0-9]*,[0-9]+"
NEGATIVE_PATTERN = r"[-(]"

# What is left of a written number when signs, units and spaces are taken away.
NOT_CORE_PATTERN = r"[^0-9.,]"
COMMA_CORE_PATTERN = (
    r"[0-9]*,(?:[0-9]{0,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,})?,[0-9]{3}"
    r"|[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+|[0-9]{1,3}(?:\.[0-9]{3}){2,}"
)
POINT_CORE_PATTERN = (
    r"[0-9]*\.(?:[0-9]{0,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,})?\.[0-9]{3}"
    r"|[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]*|[0-9]{1,3}(?:,[0-9]{3}){2,}"
    r"|[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}(?:\.[0-9]*)?"
)
OPEN_COMMA_PATTERN = r"[1-9][0-9]{0,2},[0-9]{3}"
OPEN_POINT_PATTERN = r"[1-9][0-9]{0,2}\.[0-9]{3}"
