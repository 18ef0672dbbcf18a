"""Ranks the possible encodings of a text by how well the decoded letters fit a language.

Bytes above 127 are letters in nearly every encoding, so being able to decode them says little. What
tells encodings apart is which letters come out: French in the wrong encoding is full of letters and
signs that no language uses together. See docs/decisions/encodings.md.
"""

from __future__ import annotations

import unicodedata
from codecs import getincrementaldecoder
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

_EXPECTED = 0.0
_POSSIBLE = -0.7
_SIGN = -1.0
_SELDOM = -2.5
_FOREIGN = -4.0
_OUT_OF_PLACE = -2.0  # a capital after a small letter, or a sign between two letters
_SIGNS = frozenset("‘’‚“”„«»–—…€°§©®™\u00a0¿¡½¼¾²³×·•£№、。，！？：；（）「」《》～・ー＂")

_WESTERN = ("cp1252", "mac_roman", "cp850")
_CENTRAL = ("cp1250", "iso8859-2", "mac_latin2")
_CYRILLIC = ("cp1251", "koi8-u", "mac_cyrillic", "cp866", "iso8859-5")
# Encodings, and the letters beyond ASCII of a language that is written with them: the usual ones,
# and all others.
_ALPHABETS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (_WESTERN, "éèàêç", "ùâîôûëïœæÿ"),  # French
    (_WESTERN, "üäöß", "é"),  # German
    (_WESTERN, "óíáéñú", "ü"),  # Spanish
    (_WESTERN, "ãáéçíóê", "õúâàôü"),  # Portuguese
    (_WESTERN, "èàòùì", "é"),  # Italian
    (_WESTERN, "åäö", "éü"),  # Swedish, Finnish
    (_WESTERN, "æøå", "éöä"),  # Danish, Norwegian
    (_WESTERN, "éëï", "èöüêóç"),  # Dutch
    (_WESTERN, "éïñ", "èêçöüáóà"),  # English
    (("cp1252", "mac_iceland"), "áðíþæöéúýó", ""),  # Icelandic
    (_CENTRAL, "łąężśćóńź", ""),  # Polish
    (_CENTRAL, "íáěéýřšžčůú", "ťďňó"),  # Czech
    (_CENTRAL, "áíýžčšúéľ", "ťďňôäóĺŕ"),  # Slovak
    (_CENTRAL, "áéőöóíüúű", ""),  # Hungarian
    (_CENTRAL, "ăîâşţ", ""),  # Romanian
    (_CENTRAL, "šžčćđ", ""),  # Croatian, Slovenian
    (("cp1254", "mac_turkish"), "ıüşçğö", "âîû"),  # Turkish
    (("cp1257",), "ėšųžąčįūę", ""),  # Lithuanian
    (("cp1257",), "āīēšņžļūčķģ", ""),  # Latvian
    (("cp1257",), "äõüö", "šž"),  # Estonian
    (("cp1258",), "đươêôâă\u0300\u0301\u0303\u0309\u0323", "áàéèíóúùñ"),  # Vietnamese
    (_CYRILLIC, "оеаинтсрвлкмдпу", "яыьгзбчйхжшюцщэфъё"),  # Russian, Bulgarian
    (_CYRILLIC, "оаинвртесклпдум", "іїєґбзьгчяйхцжшюфщ"),  # Ukrainian
    (("cp1251", "mac_cyrillic", "iso8859-5"), "аоиенртсдвкуплмјз", "гбчшћхжцњљђфџ"),  # Serbian
    (("cp1253", "mac_greek"), "αοιετσνηυρπκμλς", "ωδγόίάήέύώχθφβξζψϊϋΐΰ"),  # Greek
    (("cp1255",), "יולהאמרתבשנדחקםעפ", "צגכסטזןףךץ"),  # Hebrew
    (("cp1256",), "اليمنرتبةع", "دسفهكقأحجشطصخضثذئءغظؤآإىزو،؟پچژگ"),  # Arabic
    (("cp874",), "านรกเงอมลยทวดตปค", "".join(map(chr, range(0x0E01, 0x0E5C)))),  # Thai
)
# Most files that are not UTF-8 are in cp1252; few are in the others.
_PRIORS = {
    "cp1252": 0.4,
    "cp850": -0.4,
    "cp874": -0.4,
    "iso8859-5": -0.2,
    "mac_cyrillic": -0.05,
    "mac_greek": -0.4,
    "mac_iceland": -0.4,
    "mac_latin2": -0.4,
    "mac_turkish": -0.4,
}
_CHINESE = (
    "的一是不了在人有我他这中大来上个国和也子时道说出会地那要就下得可你年生自对里后过小么心多"
    "天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动"
    "两长很吃味快送服务态度错等价格质量高常点们样给"
)
_CHINESE_TRADITIONAL = (
    "的一是不了在人有我他這中大來上個國和也子時道說出會地那要就下得可你年生自對裡後過小麼心多"
    "天而能好都然沒日於起還發成事只作當想看文無開手十用主行方又如前所本見經頭面公同三已老從動"
    "兩長很吃味快送服務態度錯等價格質量高常點們樣給"
)
_KOREAN = (
    "이다는을가에의지하고은한로를도서기사나아인그어리자시해만게들대라니수었습요보과전있일정부"
    "장으주여면구안제스했것상조동신비무원생우선성화유모내오경마좋"
)


@dataclass(frozen=True, slots=True)
class EncodingGuess:
    """A codec and how well the text fits it: 0 is a text of usual letters only, below -2 hardly a
    text.
    """

    codec: str
    fit: float
    text: str


def ranked(sample: bytes) -> list[EncodingGuess]:
    """Return the encodings in which the whole sample can be decoded, the best first."""
    guesses = []
    for codec, scorers in _scorers().items():
        try:
            text = getincrementaldecoder(codec)().decode(sample)  # which may end inside a character
        except UnicodeDecodeError:
            continue
        counts = Counter(char for char in text if char > "\x7f")
        n_chars = max(1, counts.total())
        neighbourhoods = zip(f" {text}", text, f"{text[1:]} ", strict=False)
        n_out_of_place = sum(_is_out_of_place(*neighbours) for neighbours in neighbourhoods)
        misplaced = _OUT_OF_PLACE * n_out_of_place / n_chars
        fit = max(sum(score(char) * n for char, n in counts.items()) / n_chars for score in scorers)
        guesses.append(EncodingGuess(codec, fit + misplaced, text))
    return sorted(guesses, key=lambda guess: -guess.fit - _PRIORS.get(guess.codec, 0.0))


def _scorers() -> dict[str, list[Callable[[str], float]]]:
    scorers: dict[str, list[Callable[[str], float]]] = {}
    for codecs, usual, others in _ALPHABETS:
        for codec in codecs:
            scorers.setdefault(codec, []).append(_alphabet_score(usual, others))
    scorers["gb18030"] = [_han_score(_CHINESE, "gb2312", range(0xB0, 0xD8))]
    scorers["big5"] = [_han_score(_CHINESE_TRADITIONAL, "big5", range(0xA4, 0xC7))]
    scorers["cp932"] = scorers["euc_jp"] = [_japanese_score]
    scorers["cp949"] = [_korean_score]
    return scorers


def _alphabet_score(usual: str, others: str) -> Callable[[str], float]:
    expected = frozenset(usual)
    possible = frozenset(others) | frozenset((usual + others).upper())

    def score(char: str) -> float:
        if char in expected:
            return _EXPECTED
        if char in possible:
            return _POSSIBLE
        return _SIGN if char in _SIGNS else _FOREIGN

    return score


def _han_score(usual: str, charset: str, usual_leads: range) -> Callable[[str], float]:
    """The character set lists its characters in two levels; a text is made of the first one."""
    expected = frozenset(usual)

    def score(char: str) -> float:
        if char in expected:
            return _EXPECTED
        if char in _SIGNS:
            return _POSSIBLE
        try:
            lead = char.encode(charset)[0]
        except UnicodeEncodeError:
            return _FOREIGN
        return _POSSIBLE if lead in usual_leads else _SELDOM

    return score


def _japanese_score(char: str) -> float:
    if "\u3041" <= char <= "\u3093":
        return _EXPECTED
    if "\u30a1" <= char <= "\u30fe" or char in _SIGNS:
        return _POSSIBLE
    try:
        code = char.encode("euc_jp")
    except UnicodeEncodeError:
        return _FOREIGN
    is_first_level = len(code) == 2 and 0xB0 <= code[0] <= 0xCF
    return _POSSIBLE if is_first_level else _SELDOM


def _korean_score(char: str) -> float:
    if char in _KOREAN:
        return _EXPECTED
    if not "가" <= char <= "힣":
        return _POSSIBLE if char in _SIGNS else _FOREIGN
    try:
        char.encode("euc_kr")
    except UnicodeEncodeError:
        return _SELDOM
    return _POSSIBLE


def _is_out_of_place(before: str, char: str, after: str) -> bool:
    if char <= "\x7f":
        return before > "\x7f" and char.isupper() and before.islower()
    if ("\u0370" <= char <= "\u06ff" or "\u0e00" <= char <= "\u0e7f") and _is_latin(before, after):
        return True
    if char.isupper():
        return before.islower()
    is_sign = unicodedata.category(char)[0] in "SNC" or char in "«»¿¡„“"
    return is_sign and before.isalpha() and after.isalpha()


def _is_latin(before: str, after: str) -> bool:
    """Whether a neighbour is a letter from A to Z; words do not mix that alphabet with
    another one.
    """
    return (before.isascii() and before.isalpha()) or (after.isascii() and after.isalpha())
