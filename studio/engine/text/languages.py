"""Tells in which language a text is written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

MAX_CHARACTERS = 300  # read of each text: enough to tell, and the cost grows with them
MIN_PROBABILITY = 0.5  # below it no language is named
# English exclamations reach 0.6, short sentences of other languages 0.78 and more
MIN_NON_ENGLISH = 0.7
MIN_LATIN_LETTERS = 12  # fewer may be a name, an abbreviation or any of a dozen languages
# Of Unicode's Latin blocks without the additional ones: “Müller” is a name, too.
_LAST_LATIN = "\u024f"
# Dead, constructed and dialectal languages are left out: they take away from their sisters and are
# hardly ever meant.
NAMES = {
    "af": "Afrikaans", "am": "Amharic", "ar": "Arabic", "as": "Assamese", "az": "Azerbaijani",
    "be": "Belarusian", "bg": "Bulgarian", "bn": "Bengali", "ca": "Catalan", "cs": "Czech",
    "cy": "Welsh", "da": "Danish", "de": "German", "el": "Greek", "en": "English", "es": "Spanish",
    "et": "Estonian", "eu": "Basque", "fa": "Persian", "fi": "Finnish", "fr": "French",
    "ga": "Irish", "gu": "Gujarati", "ha": "Hausa", "he": "Hebrew", "hi": "Hindi", "hr": "Croatian",
    "hu": "Hungarian", "hy": "Armenian", "id": "Indonesian", "is": "Icelandic", "it": "Italian",
    "ja": "Japanese", "ka": "Georgian", "kk": "Kazakh", "km": "Khmer", "kn": "Kannada",
    "ko": "Korean", "ky": "Kyrgyz", "lo": "Lao", "lt": "Lithuanian", "lv": "Latvian",
    "mk": "Macedonian", "ml": "Malayalam", "mn": "Mongolian", "mr": "Marathi", "ms": "Malay",
    "mt": "Maltese", "my": "Burmese", "ne": "Nepali", "nl": "Dutch", "no": "Norwegian",
    "or": "Odia", "pa": "Punjabi", "pl": "Polish", "ps": "Pashto", "pt": "Portuguese",
    "ro": "Romanian", "ru": "Russian", "rw": "Kinyarwanda", "si": "Sinhala", "sk": "Slovak",
    "sl": "Slovenian", "so": "Somali", "sq": "Albanian", "sr": "Serbian", "sv": "Swedish",
    "sw": "Swahili", "ta": "Tamil", "te": "Telugu", "tg": "Tajik", "th": "Thai", "tl": "Tagalog",
    "tr": "Turkish", "ug": "Uyghur", "uk": "Ukrainian", "ur": "Urdu", "uz": "Uzbek",
    "vi": "Vietnamese", "xh": "Xhosa", "yo": "Yoruba", "zh": "Chinese", "zu": "Zulu",
}  # fmt: skip
_NONSENSE = "zxx"  # ISO 639-2: no linguistic content
# Addresses are ASCII: in a script without spaces they would take the sentence after them along.
_CODES = re.compile(
    r"https?://[!-~]+|www\.[!-~]+|[!-~]+@[!-~]+|[@#]\w{1,30}|&#?\w+;|<[^<>]{1,100}>"
)
# Numbers, arrows and emoji belong to no language, though their bytes would count for one.
_SIGNS = re.compile(r"[\d_\u200d\u20d0-\u20ff\u2190-\u2bff\ufe00-\ufe0f\U0001f000-\U0001faff]+")
# Letters repeated for effect, and laughter, are no evidence of another language.
_DRAWN_OUT = re.compile(r"([^\W\d_])\1{3,}")
LAUGHTER = re.compile(
    r"\b(?:(?:m?w?a|ba)?(ha|he|hi|ja)\1+[hj]?|[ha]*ha[ha]{3,}|l(?:ol){2,})\b", re.I
)


@dataclass(frozen=True, slots=True)
class Language:
    """What a text is written in.

    Attributes
    ----------
    name
        In English; None where the text is mixed, nonsense or too short to tell.
    non_english
        Probability that it is not English, in [0, 1]; 0 where it is too short to tell.
    """

    name: str | None
    non_english: float

    @property
    def is_english(self) -> bool:
        """Whether detectors that know English may read it."""
        return self.non_english < MIN_NON_ENGLISH


UNKNOWN = Language(None, 0.0)


def without_codes(text: str) -> str:
    """Return the text without addresses, user names, hash tags and markup.

    >>> without_codes("@airline see https://example.org &amp; <b>reply</b>").split()
    ['see', 'reply']
    """
    return _CODES.sub(" ", text)


def language_of(text: str) -> Language:
    """Tell the language of a text from its first 300 characters.

    Parameters
    ----------
    text
        Addresses, user names, hash tags, markup, numbers, signs and laughter in it are passed over.

    Notes
    -----
    Naive Bayes over byte sequences, between 83 languages and nonsense. The identifier's
    probabilities presume that all are equally frequent; here the prior of English is one half, so
    that "refund" counts as English. A single word of nonsense in Latin letters may be a name or an
    exclamation, and is not evidence.

    References
    ----------
    Lui and Baldwin, langid.py: An Off-the-shelf Language Identification Tool (ACL 2012).

    Examples
    --------
    >>> language_of("Ich habe mein Passwort vergessen").name
    'German'
    >>> language_of("https://example.org/1234")
    Language(name=None, non_english=0.0)
    """
    words = without_codes(text[:MAX_CHARACTERS])
    words = _SIGNS.sub(" ", words)
    words = _DRAWN_OUT.sub(r"\1", words)
    words = LAUGHTER.sub(" ", words)
    letters = "".join(filter(str.isalpha, words))
    if not letters:
        return UNKNOWN
    ranked = dict(_identifier().rank(words))
    english = ranked.pop("en")
    others = 1.0 - english
    # By Bayes' rule with a prior of one half, in place of one in as many languages as there are.
    non_english = others / (others + len(ranked) * english)
    if non_english < MIN_NON_ENGLISH:
        is_likely = 1 - non_english >= MIN_PROBABILITY
        return Language(NAMES["en"] if is_likely else None, non_english)
    likeliest, probability = next(iter(ranked.items()))
    is_nonsense = likeliest == _NONSENSE
    is_brief = len(letters) < MIN_LATIN_LETTERS or (is_nonsense and len(words.split()) == 1)
    if is_brief and max(letters) <= _LAST_LATIN:
        return UNKNOWN
    if is_nonsense or non_english * probability / others < MIN_PROBABILITY:
        return Language(None, non_english)
    return Language(NAMES[likeliest], non_english)


@cache
def _identifier() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages([*NAMES, _NONSENSE])
    return identifier
