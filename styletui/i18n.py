"""The language of the screens: English sentences in the code, gettext catalogues for the rest.

Every sentence is looked up when it is painted, never when a module is imported, so that a change of
language is live. Nothing here touches `locale.setlocale`: numbers and dates stay as we write them.
"""

from __future__ import annotations

import gettext as _gettext
from collections.abc import Mapping
from pathlib import Path
from typing import Final

LANGUAGES: Final = ("zh", "en")
DOMAIN: Final = "styletui"
LOCALE_DIR: Final = Path(__file__).parent / "locale"

_catalogue: _gettext.NullTranslations = _gettext.NullTranslations()
_language = "en"


def set_language(code: str) -> None:
    """Switch every sentence painted from now on to `code` ("zh" or "en"); raises ValueError otherwise."""
    global _catalogue, _language
    if code not in LANGUAGES:
        raise ValueError(f"unknown language {code!r}")
    _language = code
    if code == "en":
        _catalogue = _gettext.NullTranslations()
    else:
        _catalogue = _gettext.translation(DOMAIN, LOCALE_DIR, languages=[code], fallback=True)


def language() -> str:
    """The language of the screens now: "zh" or "en"."""
    return _language


def gettext(message: str) -> str:
    """The sentence `message` in the current language."""
    return _catalogue.gettext(message) if message else ""


def ngettext(one: str, many: str, n: int) -> str:
    """The sentence for `n` things in the current language (not yet filled in)."""
    return _catalogue.ngettext(one, many, n)


def N_(message: str) -> str:  # noqa: N802 - the name every gettext reader knows
    """Mark `message` for the catalogue without looking it up: for tables painted later."""
    return message


_ = gettext


def pick_language(asked: str | None, stored: str | None, environ: Mapping[str, str]) -> str:
    """The language to begin with: asked for, else chosen earlier, else what the environment says.

    An environment that names no language (empty, C, POSIX) gives Chinese, the first language here.
    """
    for choice in (asked, stored):
        if choice in LANGUAGES:
            return str(choice)
    for key in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = environ.get(key, "")
        if value:
            name = value.split(".")[0].split("@")[0].lower()
            if name in ("c", "posix"):
                return "zh"
            return "zh" if name.startswith("zh") else "en"
    return "zh"
