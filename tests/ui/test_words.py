"""Codes, sentences and catalogues: complete, in both languages, and safe to fill."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest
from styletui_prep.prompts import VIEWS
from styletui_train.config import FIELDS
from textual.content import Content

import styletui
from styletui import actions, i18n, messages, setup_plan, text
from styletui.locale import update
from styletui.wording import LABELS, SENTENCES

PACKAGE = Path(styletui.__file__).parent
FLOORS = [
    PACKAGE,
    PACKAGE.parent / "prep/styletui_prep",
    PACKAGE.parent / "train/styletui_train",
    PACKAGE.parent / "eval/styletui_eval",
]


def sources() -> list[Path]:
    return [p for floor in FLOORS for p in sorted(floor.rglob("*.py"))]


def calls(name: str) -> dict[str, Path]:
    """Constant first arguments of every call of `name` in the program."""
    found: dict[str, Path] = {}
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == name and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    found[first.value] = path
    return found


@pytest.mark.parametrize("name", ["UserError", "Warned"])
def test_every_code_has_a_sentence(name: str) -> None:
    missing = {code: path.name for code, path in calls(name).items() if not messages.known(code)}
    assert not missing


def test_every_stage_skip_and_view_has_a_name() -> None:
    assert not {c for c in calls("Stage") if c not in LABELS["stage"]}
    assert not set(VIEWS) - set(LABELS["view"])
    assert set(LABELS["skip_why"]) == set(LABELS["skip"])


def test_every_setting_shown_has_a_name_and_a_sentence() -> None:
    keys = {"model", *setup_plan.CHOICES}
    assert keys == set(LABELS["setting"]) == set(LABELS["setting_help"])
    assert set(setup_plan.CHOICES) <= set(FIELDS)


def fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def test_chinese_sentences_keep_their_fields() -> None:
    translated = update.known(update.CATALOGUE)
    for key in update.sentences(PACKAGE):
        one, many = key if isinstance(key, tuple) else (key, key)
        # Chinese has one form for all numbers, so it needs what the plural needs.
        assert fields(many) == fields(translated[one]), one


def test_catalogue_is_complete_and_compiled() -> None:
    assert update.main(["--check"]) == 0


def test_sentences_inside_f_strings_are_collected(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text("a = f\"{_('one')} {ngettext('{n} b', '{n} bs', 2)}\"", "utf-8")
    assert set(update.sentences(tmp_path)) == {"one", ("{n} b", "{n} bs")}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_sentence_fills_with_anything(lang: str) -> None:
    i18n.set_language(lang)
    for code, parts in SENTENCES.items():
        names = {n for part in parts for n in fields(part)}
        said = messages.explain(code, dict.fromkeys(names, "[/]"))
        assert said.what and "{" not in str(said)
        assert "{" in str(messages.explain(code, {})) or not names  # a missing one shows its name


def test_numbers_and_codes_become_words() -> None:
    i18n.set_language("en")
    said = messages.explain(
        "disk_space", {"path": "/x", "needed_bytes": 1_500_000_000, "free_bytes": 20_000_000}
    )
    assert "1.5 GB" in said.why and "20 MB" in said.why
    said = messages.explain("model_unusable", {"path": "/x", "problem": "no_weights"})
    assert "no weights" in said.why


def test_unknown_code_is_said_so() -> None:
    assert "no_such_code" in messages.explain("no_such_code", {}).what


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({}, "zh"),
        ({"LANG": "C.UTF-8"}, "zh"),
        ({"LANG": "POSIX"}, "zh"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "de_DE.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_TW"}, "zh"),
    ],
)
def test_language_follows_the_environment(environ: dict[str, str], wanted: str) -> None:
    assert i18n.pick_language(None, None, environ) == wanted
    assert i18n.pick_language(None, "en", environ) == "en"
    assert i18n.pick_language("zh", "en", environ) == "zh"


HOSTILE = [
    "[/]",
    "[@click=app.quit]x[/]",
    "[b]",
    "\x1b[31mred",
    "\x9b2J",
    "a\u202eb",
    "\x00",
    "\ud800",
    "[",
    "\\[x]",
    "😀👩‍👩‍👧",
    "中文\t字",
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_safe_text_has_no_markup_and_no_control_characters(hostile: str) -> None:
    content = text.safe(hostile)
    assert isinstance(content, Content) and not content.spans
    assert not re.search(
        r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]", content.plain
    )
    assert content.plain.encode("utf-8")
    if hostile.isascii() and hostile.isprintable():
        assert content.plain == hostile


def test_one_line_is_one_line() -> None:
    assert "\n" not in text.one_line("a\r\nb\nc\u2028d\u2029e").plain


def test_ascii_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STYLETUI_ASCII", "1")
    assert text.sign("✓").isascii() and text.sign("›").isascii()
    assert all(actions.display_key(key).isascii() for key in ("up", "down", "left", "right"))
