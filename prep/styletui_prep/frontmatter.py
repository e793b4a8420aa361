"""The metadata block at the head of a Markdown file, and dates wherever they stand."""

from __future__ import annotations

import datetime
import re
import tomllib
from dataclasses import dataclass, field
from typing import Any

import yaml

from styletui_prep.script import writable

_YAML_BLOCK = re.compile(r"\A---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_TOML_BLOCK = re.compile(r"\A\+\+\+[ \t]*\n(.*?)^\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_LIMIT = 64 * 1024
_DATE = re.compile(
    r"(?<!\d)(?P<y>(?:19|20)\d\d)\s?(?P<s>[-_./年])\s?(?P<m>0?[1-9]|1[0-2])\s?[-_./月]\s?(?P<d>0?[1-9]|[12]\d|3[01])(?!\d)日?"
    r"|(?<!\d)(?P<cy>(?:19|20)\d\d)(?P<cm>0[1-9]|1[0-2])(?P<cd>0[1-9]|[12]\d|3[01])(?!\d)"
)
_TITLE_KEYS = ("title", "标题", "题目", "name")
_AUTHOR_KEYS = ("author", "authors", "作者", "by", "creator")
_DATE_KEYS = (
    "date",
    "日期",
    "created",
    "created_at",
    "createdat",
    "creation_date",
    "publish_time",
    "published_at",
    "published",
    "pubdate",
    "发布时间",
    "创建时间",
    "time",
    "updated",
)


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What the block said; `body` is the text after it. `broken`: a block was there but could not be read."""

    body: str
    values: dict[str, Any] = field(default_factory=dict)
    broken: bool = False

    @property
    def title(self) -> str | None:
        """The title, without line breaks, or None."""
        return self._words(_TITLE_KEYS)

    @property
    def author(self) -> str | None:
        """The author; several are joined with a comma."""
        return self._words(_AUTHOR_KEYS)

    @property
    def date(self) -> str | None:
        """ISO-8601 date, or None."""
        for key in _DATE_KEYS:
            found = iso_date(self.values.get(key))
            if found:
                return found
        return None

    def _words(self, keys: tuple[str, ...]) -> str | None:
        for key in keys:
            value = self.values.get(key)
            if isinstance(value, list):
                value = ", ".join(str(item) for item in value if isinstance(item, str | int))
            if isinstance(value, dict):
                value = value.get("name")
            if isinstance(value, str | int | float) and not isinstance(value, bool):
                words = " ".join(writable(str(value)).splitlines()).strip()
                if words:
                    return words
        return None


def split_front_matter(text: str) -> FrontMatter:
    """Split a leading YAML (`---`) or TOML (`+++`) block off `text`; `text` has only `\\n` line ends.

    A block that does not parse is still taken off when it looks like one (most lines are `key: value`), so
    that its keys are not read as prose; else the dashes are a thematic break and everything is body.
    """
    for pattern, parse in ((_YAML_BLOCK, _parse_yaml), (_TOML_BLOCK, _parse_toml)):
        match = pattern.match(text)
        if match is None or len(match[1]) > _LIMIT:
            continue
        values = parse(match[1])
        body = text[match.end() :]
        if values is not None:
            return FrontMatter(body, values)
        if _looks_like_keys(match[1]):
            return FrontMatter(body, broken=True)
    return FrontMatter(text)


def _parse_yaml(block: str) -> dict[str, Any] | None:
    try:
        value = yaml.safe_load(block)
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError, TypeError, AttributeError):
        return None
    if value is None:
        return {}
    return _folded(value) if isinstance(value, dict) else None


def _parse_toml(block: str) -> dict[str, Any] | None:
    try:
        return _folded(tomllib.loads(block))
    except (tomllib.TOMLDecodeError, ValueError, RecursionError):
        return None


def _folded(value: dict[Any, Any]) -> dict[str, Any]:
    return {str(key).strip().casefold(): item for key, item in value.items()}


def _looks_like_keys(block: str) -> bool:
    lines = [line for line in block.splitlines() if line.strip()]
    keys = sum(1 for line in lines if re.match(r"\s*(?:-\s|#|[\w一-鿿 .-]{1,40}\s*[:=])", line))
    return bool(lines) and keys * 2 > len(lines)


def iso_date(value: object) -> str | None:
    """The first real calendar date in `value` (date, datetime or text; 1900 to 2099) as `YYYY-MM-DD`."""
    if isinstance(value, datetime.date):
        return value.strftime("%Y-%m-%d") if 1900 <= value.year <= 2099 else None
    if not isinstance(value, str | int):
        return None
    for match in _DATE.finditer(str(value)[:400]):
        year, month, day = (
            (match["y"], match["m"], match["d"]) if match["y"] else (match["cy"], match["cm"], match["cd"])
        )
        try:
            return datetime.date(int(year), int(month), int(day)).isoformat()
        except ValueError:
            continue
    return None


def without_date(name: str) -> str:
    """A file or folder name without the date at its head and without the hash Notion puts at its tail."""
    match = _DATE.match(name)
    rest = name[match.end() :] if match else name
    rest = re.sub(r"[ _-][0-9a-f]{32}$", "", rest)
    return rest.lstrip(" _-.") if match else rest
