"""From a document as it was found to the author's own prose.

What goes, by decision: quotations (another voice), code, tables, formulas, pictures, link addresses, HTML
tags, an account's furniture, control and zero-width characters. What stays as typed: punctuation and its
doubling, full-width forms, emoji, runs of spaces, list marks, line breaks inside a paragraph.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

from styletui_prep.blocks import BOLD_EDGE, HEADING, ITEM, QUOTE, Block, Parsed, parse_markdown, parse_plain
from styletui_prep.document import PROFILE_PLAIN, PROFILE_WECHAT
from styletui_prep.frontmatter import split_front_matter
from styletui_prep.furniture import is_stub, reprint_in_title, strip_furniture, without_doubles
from styletui_prep.script import CJK, comparable, han_count, one_kind_of_line_break, without_invisible

_PARAGRAPH_GAP = "\n\n"
_LONE_SPACE = re.compile(rf"(?<=[{CJK}]) (?=[{CJK}])")
_BEFORE_MARK = re.compile(rf"(?<=[{CJK}]) (?=[，。、；：？！”’」』）》])")
_MARKS = re.compile("[，。、；：？！]")
_RUN_LIMIT = 30
_SENTENCE_END = re.compile(r"[。！？!?.…”」』：:；;]\s*\Z")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """`text`: paragraphs apart by a blank line. `title`: a heading that names the document, if it had one.

    `removed` counts what went, by kind. `authors` and `reprint`: see `furniture.Stripped`. `stub`: the page
    of a deleted article.
    """

    text: str
    title: str | None = None
    authors: tuple[str, ...] = ()
    reprint: str | None = None
    stub: bool = False
    removed: dict[str, int] = field(default_factory=dict)


def clean(raw: str, profile: str, title: str = "") -> Cleaned:
    """The author's prose in `raw`, read as `profile` says (`wechat`, `markdown` or `plain`). Never raises."""
    text = without_invisible(one_kind_of_line_break(raw))
    if profile == PROFILE_WECHAT:
        return _clean_wechat(text, title)
    front = split_front_matter(text)
    parsed = parse_plain(front.body) if profile == PROFILE_PLAIN else parse_markdown(front.body)
    heading, parsed.blocks = _own_title(parsed.blocks, front.title, title)
    return Cleaned(
        _compose(parsed.blocks, parsed), title=front.title or heading, removed=_counts(parsed.dropped)
    )


def _clean_wechat(text: str, title: str) -> Cleaned:
    parsed = parse_markdown(text)
    stub = is_stub(parsed.blocks)
    blocks = without_doubles(parsed.blocks, parsed.dropped)
    stripped = strip_furniture(blocks, title)
    parsed.dropped += stripped.removed
    _repair_spaces(stripped.blocks, parsed.dropped)
    reprint = stripped.reprint
    if reprint is None and reprint_in_title(title):
        reprint = ""
    return Cleaned(
        _compose(stripped.blocks, parsed),
        authors=tuple(stripped.authors),
        reprint=reprint,
        stub=stub,
        removed=_counts(parsed.dropped),
    )


def _counts(counter: Counter[str]) -> dict[str, int]:
    return {key: counter[key] for key in sorted(counter) if counter[key]}


def _own_title(blocks: list[Block], given: str | None, file_name: str) -> tuple[str | None, list[Block]]:
    """Take off a heading at the very top that is the document's title, and the same heading once more.

    It is the title when it repeats the one given in the front matter or the file's name, or when none is
    given and it is of the first level.
    """
    if len(blocks) < 2 or blocks[0].kind != HEADING:
        return None, blocks
    heading = blocks[0].text.replace(BOLD_EDGE, "").replace("\n", " ").strip()
    key = comparable(heading)
    names_it = key in (comparable(given or ""), comparable(file_name))
    if not key or len(heading) > 120 or not (names_it or (given is None and blocks[0].level == 1)):
        return None, blocks
    rest = blocks[1:]
    while len(rest) > 1 and rest[0].kind == HEADING and comparable(rest[0].text) == key:
        rest = rest[1:]
    return heading, rest


def _repair_spaces(blocks: list[Block], removed: Counter[str]) -> None:
    """Take back the single spaces that the exporter put around bold runs between Chinese characters.

    Where bold is still marked the space beside the mark goes. Where the marks are lost, single spaces go
    only in pairs that hold a short run, and only in a document whose author does not space instead of
    punctuating. Two and more spaces in a row are the author's and are never touched.
    """
    for block in blocks:
        block.text, count = _unbolded(block.text)
        removed["bold_spaces"] += count
    whole = "\n".join(block.text for block in blocks)
    if len(_LONE_SPACE.findall(whole)) > len(_MARKS.findall(whole)):
        return
    for block in blocks:
        block.text, count = _without_paired_spaces(block.text)
        removed["bold_spaces"] += count


def _unbolded(text: str) -> tuple[str, int]:
    if BOLD_EDGE not in text:
        return text, 0
    pattern = re.compile(rf"(?<![ \n])(?P<before> )?{BOLD_EDGE}(?P<after> (?! ))?")
    count = 0

    def join(match: re.Match[str]) -> str:
        nonlocal count
        left = text[: match.start()].replace(BOLD_EDGE, "")[-1:]
        right = text[match.end() :].replace(BOLD_EDGE, "")[:1]
        between = bool(left and right) and _is_cjk(left) and _is_cjk(right)
        spaces = (match["before"] or "") + (match["after"] or "")
        if spaces and between and len(spaces) == 1:
            count += 1
            return ""
        return spaces

    return pattern.sub(join, text).replace(BOLD_EDGE, ""), count


def _is_cjk(character: str) -> bool:
    return re.match(rf"[{CJK}]", character) is not None


def _without_paired_spaces(text: str) -> tuple[str, int]:
    total = 0
    lines = []
    for line in text.split("\n"):
        line, marks = _BEFORE_MARK.subn("", line)
        total += marks
        places = [match.start() for match in _LONE_SPACE.finditer(line)]
        gone: set[int] = set()
        for first, second in pairwise(places):
            if first in gone:
                continue
            run = line[first + 1 : second]
            if len(run) <= _RUN_LIMIT and not _MARKS.search(run):
                gone |= {first, second}
        total += len(gone)
        lines.append("".join(character for at, character in enumerate(line) if at not in gone))
    return "\n".join(lines), total


def _compose(blocks: list[Block], parsed: Parsed) -> str:
    """Blocks to text: quotations out, list items on neighbouring lines, everything else a blank line apart."""
    prose = [block for block in blocks if block.kind != QUOTE]
    if len(prose) < len(blocks):
        parsed.dropped["quote"] += len(blocks) - len(prose)
    wrapped = is_hard_wrapped([block.text for block in prose])
    pieces: list[str] = []
    before: str | None = None
    for block in prose:
        text = _tidy(block.text.replace(BOLD_EDGE, ""), wrapped)
        if not text:
            continue
        if before is not None:
            pieces.append("\n" if before == block.kind == ITEM else _PARAGRAPH_GAP)
        pieces.append(block.marker + text)
        before = block.kind
    return "".join(pieces).strip()


def _tidy(text: str, wrapped: bool) -> str:
    """Lines without indents and trailing space; joined where an editor broke them at a column."""
    lines = [line.strip() for line in text.split("\n")]
    lines = [line for line in lines if line]
    if not wrapped:
        return "\n".join(lines)
    joined = ""
    for line in lines:
        if joined and not (_is_cjk(joined[-1]) and _is_cjk(line[0])):
            joined += " "
        joined += line
    return joined


def is_hard_wrapped(paragraphs: list[str]) -> bool:
    """True when lines end where a column ends, not where the author ended them.

    That is: at least six inner lines, nearly all almost as wide as the widest (an ideograph counts two
    columns), wide at all, and mostly in the middle of a sentence.
    """
    inner = [line for text in paragraphs for line in text.split("\n")[:-1] if line.strip()]
    if len(inner) < 6:
        return False
    widths = [len(line) + han_count(line) for line in inner]
    widest = sorted(widths)[int(len(widths) * 0.95)]
    near = sum(1 for width in widths if 0.75 * widest <= width <= 1.1 * widest)
    ended = sum(1 for line in inner if _SENTENCE_END.search(line))
    return widest >= 44 and near >= 0.8 * len(inner) and ended <= 0.5 * len(inner)
