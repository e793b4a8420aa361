"""The sealed plan of a blind test: who stands on which side, fixed before anything is written or rated.

Folder of a test, `RUN/blind/<name>/`:

sealed.json      {"v", "name", "created", "secret", "settings", "hashes", "pairs": [plan...]}; the only file that knows sides
commitment.json  {"v", "name", "sha256", "planned"}; the SHA-256 of sealed.json's bytes, shown before the first vote
pairs.jsonl      a pair a line, appended as it is written: {"id", "n", "prompt", "left", "right", "left_loops", "right_loops", "cut"}
dropped.jsonl    a planned pair that is not shown, and why: {"id", "reason", "side"}
finished.json    {"v", "made", "dropped": {reason: count}}; there when no more pairs will come
votes.jsonl      the hash chain of votes, see `votes`
.making          empty; held by the process that makes pairs
reveal.json      the verdict, see `reveal`; after it nothing is taken any more

A side is not stored on somebody's word: it follows from the secret, and `verify` follows it again.
This is tamper-evident, not proof against the owner of the machine.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from styletui_prep.errors import EXIT_NO_INPUT, EXIT_UNKNOWN, EXIT_USAGE, UserError
from styletui_prep.files import private_folder, write_json

from styletui_eval.files import read_objects

FORMAT: Final = 1

Arm = Literal["adapter", "base_examples", "base"]
Contrast = Literal["main", "zero"]
OPPONENT: Final[Mapping[Contrast, Arm]] = {"main": "base_examples", "zero": "base"}

DROP_REASONS: Final = ("empty_text", "too_short", "copied")

SEALED: Final = "sealed.json"
COMMITMENT: Final = "commitment.json"
PAIRS: Final = "pairs.jsonl"
DROPPED: Final = "dropped.jsonl"
FINISHED: Final = "finished.json"
MAKING: Final = ".making"


@dataclass(frozen=True, slots=True)
class Wish:
    """A pair as asked for: which prompt, which contrast, whether it only steps in for a dropped one."""

    prompt_id: str
    contrast: Contrast
    reserve: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A pair as sealed. `id` says nothing; `left` and `right` say which arm writes there."""

    id: str
    prompt_id: str
    contrast: Contrast
    left: Arm
    right: Arm
    reserve: bool


@dataclass(frozen=True, slots=True)
class Sealed:
    """The contents of sealed.json. `secret` is 256 bits in hex; `settings` and `hashes` say what was compared."""

    name: str
    created: float
    secret: str
    settings: dict[str, Any]
    hashes: dict[str, str]
    pairs: tuple[Plan, ...]

    def plan(self, pair_id: str) -> Plan | None:
        """The plan of a pair, or None when it was never planned."""
        return next((p for p in self.pairs if p.id == pair_id), None)


@dataclass(frozen=True, slots=True)
class Commitment:
    """What may be known before the first vote."""

    name: str
    sha256: str
    planned: int


@dataclass(frozen=True, slots=True)
class Pair:
    """What the rater sees: `n` counts from 1; loops mark a text that repeats itself; `cut` how lengths were equalised."""

    id: str
    n: int
    prompt: str
    left: str
    right: str
    left_loops: bool
    right_loops: bool
    cut: str = "sentence"

    def sha256(self) -> str:
        """The fingerprint of exactly what was shown; every vote carries it."""
        return hashlib.sha256(canonical(dataclasses.asdict(self)).encode()).hexdigest()


def canonical(value: Any) -> str:
    """One JSON line with sorted keys: the same value gives the same bytes."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _draw(secret: str, what: str) -> bytes:
    return hashlib.sha256(bytes.fromhex(secret) + what.encode()).digest()


def pair_id(secret: str, place: int) -> str:
    """An id without meaning for the pair planned at `place` (0 is the first)."""
    return _draw(secret, f"id {place}").hex()[:10]


def adapter_is_left(secret: str, identity: str) -> bool:
    """The coin of one pair: a bit of SHA-256(secret, id)."""
    return bool(_draw(secret, f"side {identity}")[0] & 1)


def seal(
    name: str,
    wishes: Sequence[Wish],
    *,
    settings: dict[str, Any],
    hashes: dict[str, str],
    secret: str | None = None,
) -> Sealed:
    """Draw 256 bits from the system and let them decide every side. `secret` is for tests only."""
    secret = secret or secrets.token_bytes(32).hex()
    plans = []
    for place, wish in enumerate(wishes):
        identity = pair_id(secret, place)
        arms: tuple[Arm, Arm] = ("adapter", OPPONENT[wish.contrast])
        left, right = arms if adapter_is_left(secret, identity) else arms[::-1]
        plans.append(Plan(identity, wish.prompt_id, wish.contrast, left, right, wish.reserve))
    return Sealed(name, time.time(), secret, settings, hashes, tuple(plans))


def write_sealed(folder: Path, sealed: Sealed) -> Commitment:
    """Write sealed.json, then commitment.json, both whole. Never over an existing seal (FileExistsError)."""
    private_folder(folder)
    if (folder / SEALED).exists():
        raise FileExistsError(folder / SEALED)
    write_json(folder / SEALED, {"v": FORMAT, **dataclasses.asdict(sealed)})
    return commit(folder)


def commit(folder: Path) -> Commitment:
    """Write commitment.json for the sealed file that lies there, and return it."""
    data = (folder / SEALED).read_bytes()
    sealed = _parse_sealed(data, folder)
    planned = sum(not p.reserve for p in sealed.pairs)
    commitment = Commitment(sealed.name, hashlib.sha256(data).hexdigest(), planned)
    write_json(folder / COMMITMENT, {"v": FORMAT, **dataclasses.asdict(commitment)})
    return commitment


def read_sealed(folder: Path) -> Sealed:
    """The plan with its sides: for making pairs, revealing and verifying, never for a rating screen.

    Raises UserError("no_blind_test") when there is none, "broken_seal" or "newer_blind_test" else.
    """
    try:
        return _parse_sealed((folder / SEALED).read_bytes(), folder)
    except FileNotFoundError:
        raise UserError("no_blind_test", exit_code=EXIT_NO_INPUT, name=folder.name) from None


def sealed_sha256(folder: Path) -> str:
    """SHA-256 of sealed.json as it lies there now. Raises OSError."""
    return hashlib.sha256((folder / SEALED).read_bytes()).hexdigest()


def check_name(name: str) -> None:
    """Raise `bad_test_name` (exit code 2) unless `name` can name a folder of its own, on any system."""
    if not name or name.startswith(".") or len(name) > 60 or not all(c.isalnum() or c in "-_." for c in name):
        raise UserError("bad_test_name", exit_code=EXIT_USAGE)


def read_commitment(folder: Path) -> Commitment:
    """What was promised. Raises UserError as `read_sealed` does."""
    try:
        data = json.loads((folder / COMMITMENT).read_bytes())
        _check_version(data, folder)
        return Commitment(str(data["name"]), str(data["sha256"]), int(data["planned"]))
    except FileNotFoundError:
        raise UserError("no_blind_test", exit_code=EXIT_NO_INPUT, name=folder.name) from None
    except (ValueError, KeyError, TypeError):
        raise UserError("broken_seal", exit_code=EXIT_UNKNOWN, name=folder.name) from None


def _check_version(data: dict[str, Any], folder: Path) -> None:
    if int(data["v"]) > FORMAT:
        raise UserError("newer_blind_test", exit_code=EXIT_UNKNOWN, name=folder.name)


def _parse_sealed(data: bytes, folder: Path) -> Sealed:
    try:
        value = json.loads(data)
        _check_version(value, folder)
        value.pop("v")
        plans = tuple(Plan(**p) for p in value.pop("pairs"))
        return Sealed(**value, pairs=plans)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserError("broken_seal", exit_code=EXIT_UNKNOWN, name=folder.name) from None


def parse_pair(value: dict[str, Any]) -> Pair | None:
    """A line of pairs.jsonl, or None when it is none of ours."""
    try:
        return Pair(
            str(value["id"]),
            int(value["n"]),
            str(value["prompt"]),
            str(value["left"]),
            str(value["right"]),
            bool(value["left_loops"]),
            bool(value["right_loops"]),
            str(value.get("cut", "sentence")),
        )
    except (KeyError, TypeError, ValueError):
        return None


def read_pairs(folder: Path) -> list[Pair]:
    """The pairs that lie there so far, in the order of their making; torn lines are passed over."""
    found = (parse_pair(o) for o in read_objects(folder / PAIRS)[0])
    return list({p.id: p for p in found if p is not None}.values())


def read_dropped(folder: Path) -> dict[str, tuple[str, str]]:
    """id -> (reason, side) of pairs that were made and not shown; `side` is left, right or both."""
    objects, _ = read_objects(folder / DROPPED)
    return {str(o.get("id")): (str(o.get("reason")), str(o.get("side"))) for o in objects}
