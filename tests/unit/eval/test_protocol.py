import dataclasses
import hashlib
import itertools
import json
import stat
from pathlib import Path

import pytest
from styletui_eval.blind.protocol import (
    COMMITMENT,
    PAIRS,
    SEALED,
    Wish,
    commit,
    read_commitment,
    read_pairs,
    read_sealed,
    seal,
    write_sealed,
)
from styletui_prep.errors import UserError

from .blind_tests import make_test


def _wishes(n: int) -> list[Wish]:
    return [Wish(f"p{i}", "main") for i in range(n)]


def test_the_secret_is_256_bits_and_new_each_time() -> None:
    first, second = (seal("t", _wishes(3), settings={}, hashes={}) for _ in range(2))
    assert len(bytes.fromhex(first.secret)) == 32
    assert first.secret != second.secret


def test_sides_are_a_fair_coin() -> None:
    plans = seal("t", _wishes(4000), settings={}, hashes={}, secret="ab" * 32).pairs
    left = sum(p.left == "adapter" for p in plans)
    assert 1850 < left < 2150  # 4.7 standard deviations
    switches = sum(a.left != b.left for a, b in itertools.pairwise(plans))
    assert 1850 < switches < 2150


def test_ids_are_unique_and_do_not_tell_the_side() -> None:
    plans = seal("t", _wishes(4000), settings={}, hashes={}, secret="cd" * 32).pairs
    assert len({p.id for p in plans}) == 4000
    by_first_digit = [p.left == "adapter" for p in plans if p.id < "8"]
    assert abs(sum(by_first_digit) / len(by_first_digit) - 0.5) < 0.06


def test_commitment_is_the_hash_of_the_bytes_and_counts_without_reserves(tmp_path: Path) -> None:
    sealed = seal("t", [*_wishes(4), Wish("r", "main", reserve=True)], settings={}, hashes={})
    commitment = write_sealed(tmp_path / "t", sealed)
    assert commitment.sha256 == hashlib.sha256((tmp_path / "t" / SEALED).read_bytes()).hexdigest()
    assert commitment.planned == 4
    assert read_commitment(tmp_path / "t") == commitment
    assert read_sealed(tmp_path / "t") == sealed


def test_a_seal_is_never_overwritten(tmp_path: Path) -> None:
    write_sealed(tmp_path / "t", seal("t", _wishes(2), settings={}, hashes={}))
    with pytest.raises(FileExistsError):
        write_sealed(tmp_path / "t", seal("t", _wishes(2), settings={}, hashes={}))


def test_a_crash_between_seal_and_commitment_is_mended(tmp_path: Path) -> None:
    commitment = write_sealed(tmp_path / "t", seal("t", _wishes(2), settings={}, hashes={}))
    (tmp_path / "t" / COMMITMENT).unlink()
    assert commit(tmp_path / "t") == commitment


def test_folder_and_seal_are_private(tmp_path: Path) -> None:
    make_test(tmp_path / "t")
    assert stat.S_IMODE((tmp_path / "t").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "t" / SEALED).stat().st_mode) == 0o600


def test_nothing_that_the_rater_reads_tells_an_arm(tmp_path: Path) -> None:
    make_test(tmp_path / "t")
    for name in (PAIRS, COMMITMENT, "finished.json"):
        text = (tmp_path / "t" / name).read_text()
        assert not any(word in text for word in ("adapter", "base", "main", "zero", "secret"))


def test_pairs_pass_over_torn_and_foreign_lines(tmp_path: Path) -> None:
    make_test(tmp_path / "t", main=2, zero=0)
    with (tmp_path / "t" / PAIRS).open("ab") as file:
        file.write(b'{"id": 3}\n[1]\n\xff\xfe\n{"id": "x", "n": 3, "pro')
    assert [p.n for p in read_pairs(tmp_path / "t")] == [1, 2]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("{", "broken_seal"),
        ('{"v": 1}', "broken_seal"),
        ("[]", "broken_seal"),
        ('{"v": 9}', "newer_blind_test"),
    ],
)
def test_a_broken_seal_is_a_sentence(tmp_path: Path, content: str, code: str) -> None:
    (tmp_path / SEALED).write_text(content)
    with pytest.raises(UserError) as caught:
        read_sealed(tmp_path)
    assert caught.value.code == code


def test_no_test_at_all(tmp_path: Path) -> None:
    for read in (read_sealed, read_commitment):
        with pytest.raises(UserError) as caught:
            read(tmp_path)
        assert (caught.value.code, caught.value.exit_code) == ("no_blind_test", 3)


def test_the_fingerprint_covers_every_field(tmp_path: Path) -> None:
    make_test(tmp_path / "t", main=1, zero=0)
    pair = read_pairs(tmp_path / "t")[0]
    data = json.loads(json.dumps(dataclasses.asdict(pair)))
    for key, value in data.items():
        other = not value if isinstance(value, bool) else value + 1 if isinstance(value, int) else value + "x"
        assert dataclasses.replace(pair, **{key: other}).sha256() != pair.sha256()
