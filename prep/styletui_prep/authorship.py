"""Whose writing it is: the account's usual author, and articles by somebody else."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from styletui_prep.script import comparable

# A name is the usual one when more than half of the documents that name anybody name it.
_MAJORITY = 0.5
_NAMED_AT_LEAST = 2
_LIST = re.compile(r"\s*[、，,&＆;；/]\s*")


def names(author: str | None) -> list[str]:
    """The single names in an author field."""
    return [name.strip() for name in _LIST.split(author) if name.strip()] if author else []


def usual_author(credited: Sequence[Sequence[str]]) -> str | None:
    """The name that most documents with a credit carry; None when nobody has more than half of them."""
    tally: Counter[str] = Counter()
    spelled: dict[str, str] = {}
    for document in credited:
        for name in dict.fromkeys(document):
            key = comparable(name)
            tally[key] += 1
            spelled.setdefault(key, name)
    named = sum(1 for document in credited if document)
    if not tally or named < _NAMED_AT_LEAST:
        return None
    key, count = min(tally.items(), key=lambda item: (-item[1], item[0]))
    return spelled[key] if count > _MAJORITY * named else None


def is_somebody_else(
    credited: Sequence[str], reprint: str | None, usual: Sequence[str], account: str | None
) -> bool:
    """True when the credits name others only, or the text says it was taken from elsewhere.

    `usual` are the names the author goes by. A repost of one's own (the reprint mark names the account or the author, or the
    credits do) stays.
    """
    own = {comparable(name) for name in usual if name}
    home = own | ({comparable(account)} if account else set())
    known = [comparable(name) for name in credited]
    if known:
        return bool(own) and not any(name in home for name in known)
    if reprint is None:
        return False
    origin = comparable(reprint)
    return not any(name and name in origin for name in home)
