"""Collect the sentences of the program, update the Chinese catalogue and compile it: `make messages`.

Sentences are found in the syntax tree, because Babel's own reader passes over those inside f-strings on
Python 3.11. With `--check` nothing is written; the exit code is 1 where a sentence has no Chinese.
"""

from __future__ import annotations

import ast
import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

HERE: Final = Path(__file__).resolve().parent
CATALOGUE: Final = HERE / "zh" / "LC_MESSAGES" / "styletui.po"
MARKERS: Final = frozenset({"_", "N_", "gettext", "ngettext"})
Key = str | tuple[str, str]


def sentences(folder: Path) -> Iterator[Key]:
    """Every marked sentence under `folder`, in the order of files and lines; (one, many) for plurals."""
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in MARKERS:
                texts = [
                    a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)
                ]
                if len(texts) == 2 and getattr(node.func, "id", "") == "ngettext":
                    yield texts[0], texts[1]
                elif texts and texts[0]:
                    yield texts[0]


def known(path: Path) -> dict[str, str]:
    """Sentences of a catalogue with their translations; the singular stands for both numbers."""
    if not path.exists():
        return {}
    with path.open("rb") as file:
        return {_first(m.id): _first(m.string) for m in read_po(file, locale="zh") if m.id and m.string}


def _first(text: object) -> str:
    return str(text[0]) if isinstance(text, (tuple, list)) else str(text)


def build(keys: list[Key], words: dict[str, str]) -> Catalog:
    """A catalogue of `keys` with the translations in `words`; no machine data, no changing dates."""
    catalogue = Catalog(
        locale="zh",
        project="styletui",
        version="0.1",
        msgid_bugs_address="none",
        last_translator="none",
        language_team="none",
        fuzzy=False,
        header_comment="# Chinese wording of styletui.",
        creation_date=datetime(2026, 1, 1, tzinfo=UTC),
        revision_date=datetime(2026, 1, 1, tzinfo=UTC),
    )
    for key in keys:
        word = words.get(_first(key), "")
        catalogue.add(key, (word,) if isinstance(key, tuple) else word)
    return catalogue


def rendered(catalogue: Catalog) -> tuple[bytes, bytes]:
    """The catalogue as .po and as .mo."""
    text, binary = io.BytesIO(), io.BytesIO()
    write_po(text, catalogue, width=0, sort_output=True)
    write_mo(binary, catalogue)
    return text.getvalue(), binary.getvalue()


def main(arguments: list[str]) -> int:
    """Update, or with `--check` compare; returns the exit code."""
    words = known(CATALOGUE)
    keys = list(dict.fromkeys(sentences(HERE.parent)))
    text, binary = rendered(build(keys, words))
    missing = sorted(_first(key) for key in keys if not words.get(_first(key)))
    for sentence in missing:
        sys.stderr.write(f"no Chinese yet: {sentence}\n")
    if "--check" in arguments:
        fresh = CATALOGUE.read_bytes() == text and CATALOGUE.with_suffix(".mo").read_bytes() == binary
        if not fresh:
            sys.stderr.write("The catalogue is not up to date: run `make messages`.\n")
        return 1 if missing or not fresh else 0
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    CATALOGUE.write_bytes(text)
    CATALOGUE.with_suffix(".mo").write_bytes(binary)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
