"""Finding texts that are the same, or nearly."""

from __future__ import annotations

import hashlib
from typing import Any

from styletui_prep.overlap import grams

GRAM = 5
THRESHOLD = 0.7
_PERMUTATIONS = 128
# The index proposes from lower down, so that pairs just above the threshold are not missed; every proposal
# is then measured exactly.
_PROPOSE_FROM = 0.5


def jaccard(left: str, right: str) -> float:
    """Shared over all character 5-grams, white space left out; 0 to 1."""
    one, other = grams(left, GRAM), grams(right, GRAM)
    union = len(one | other)
    return len(one & other) / union if union else 1.0


class NearIndex:
    """Remembers texts and says which one a new text repeats (MinHash LSH over character 5-grams)."""

    def __init__(self, threshold: float = THRESHOLD) -> None:
        """`threshold`: Jaccard similarity from which on two texts count as the same."""
        from datasketch import MinHashLSH

        self._threshold = threshold
        self._lsh: Any = MinHashLSH(threshold=_PROPOSE_FROM, num_perm=_PERMUTATIONS)
        self._texts: dict[str, str] = {}
        self._exact: dict[str, str] = {}

    def find_or_add(self, key: str, text: str) -> tuple[str, bool] | None:
        """The key of an earlier text that `text` repeats and whether exactly; None when it is new (and kept)."""
        digest = hashlib.sha256("".join(text.split()).encode("utf-8", "replace")).hexdigest()
        if digest in self._exact:
            return self._exact[digest], True
        signature = self._signature(text)
        for other in sorted(self._lsh.query(signature)):
            if jaccard(text, self._texts[other]) >= self._threshold:
                return other, False
        self._exact[digest] = key
        self._texts[key] = text
        self._lsh.insert(key, signature)
        return None

    def _signature(self, text: str) -> Any:
        from datasketch import MinHash

        signature = MinHash(num_perm=_PERMUTATIONS, seed=1)
        signature.update_batch([gram.encode("utf-8", "replace") for gram in grams(text, GRAM)])
        return signature
