"""Keeps spreadsheet programs from running text as formulas, by a leading apostrophe.

Excel, LibreOffice and Google Sheets take a cell of a CSV for a formula if it begins with = + - @
(also full-width, also after a tab or a line break) and can be read as one. A spreadsheet that
expects semicolons between cells, as in most of Europe, also parts a cell at each semicolon and line
break in it, whatever stands in quotes, so that `1;=A1` holds a formula as well.

What cannot be read as a formula stays as it is: numbers, telephone numbers with spaces, `- none -`,
most sentences.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

_EQUALS = "=＝"
_SIGNS = r"+\-@＋－＠"
_CALL = r"\pL[\pL\pN_.]*\s*\("
_LINK = r"\||![^\s!?.,;:)]"  # to another program or another sheet
_REACHES_OUT = f"(?:{_CALL}|{_LINK})"
_OPERATOR = r"[-+*/^&=<>,:]"
_SUM = (  # words without an operator between them are a sentence
    rf"[^\s)]\S*(?:\s*{_OPERATOR}\s*\S+)*\s*$"
)

_MAY_BE_FORMULA = rf"(?:^|[;\r\n])[\s\"]*[{_EQUALS}{_SIGNS}]"
_RUNS = rf"^[\t\r\n]*(?:[{_EQUALS}]\s*[^\s)]|[{_SIGNS}]\s*(?:{_SUM}|[^;\r\n]*{_REACHES_OUT}))"
_RUNS_WHEN_PARTED = (
    rf"([;\r\n][\s\"]*)([{_EQUALS}][ \t]*[^\s);]|[{_SIGNS}][^;\r\n]*?{_REACHES_OUT})"
)
_BEGINS_LIKE_ONE = rf"^[\t\r\n]*[{_EQUALS}{_SIGNS}][\s\S]"
_BEGINS_LIKE_ONE_WHEN_PARTED = rf"([;\r\n][\s\"]*)([{_EQUALS}{_SIGNS}])"

_DIGITS = r"[0-9.,]*[0-9][0-9.,]*"
_NUMBER = rf"[+-]\s?\p{{Sc}}?{_DIGITS}(?:[eE][+-]?[0-9]+)?\s?[\pL\p{{Sc}}°%‰]*"
_TELEPHONE_NUMBER = r"[+-][0-9().,/ -]*[0-9)] +[(0-9][0-9().,/ -]*"
_PLAIN = f"^(?:{_NUMBER}|{_TELEPHONE_NUMBER})$"


def runnable_texts_guarded(texts: pa.Array) -> pa.Array:
    """Guard the texts that a spreadsheet would run or compute."""
    return _guarded(texts, _RUNS, _RUNS_WHEN_PARTED)


def formula_like_texts_guarded(texts: pa.Array) -> pa.Array:
    """Guard all texts that begin like a formula, unless they are numbers."""
    return _guarded(texts, _BEGINS_LIKE_ONE, _BEGINS_LIKE_ONE_WHEN_PARTED)


def _guarded(texts: pa.Array, at_start: str, when_parted: str) -> pa.Array:
    if not pc.any(pc.match_substring_regex(texts, _MAY_BE_FORMULA)).as_py():
        return texts
    is_formula = pc.match_substring_regex(texts, at_start)
    is_formula = pc.and_not(is_formula, pc.match_substring_regex(texts, _PLAIN))
    texts = pc.if_else(is_formula, pc.binary_join_element_wise("'", texts, ""), texts)
    return pc.replace_substring_regex(texts, when_parted, r"\1'\2")
