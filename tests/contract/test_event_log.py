"""The event log is a contract: other programs read it. docs/events.md says what stands in it."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from styletui_prep.errors import UserError
from styletui_prep.events import Progress, Stage, Warned

from styletui.jobs.events import Done, Failed, Refused, Resumed, Started, Stopped
from styletui.jobs.fold import fold
from styletui.jobs.follow import Follower
from styletui.jobs.job import Job
from styletui.jobs.log import EventReader, EventWriter

ROOT = Path(__file__).resolve().parents[2]
MODULES = (
    "styletui_prep.events",
    "styletui_prep.funnel",
    "styletui.jobs.events",
    "styletui_train.events",
    "styletui_train.demo",
    "styletui_eval.events",
)
ENVELOPE = {"v", "seq", "time", "mono", "type"}


def event_classes() -> dict[str, type]:
    """Every event dataclass in the house, by type name."""
    found = {}
    for name in MODULES:
        module = importlib.import_module(name)
        for _, cls in inspect.getmembers(module, inspect.isclass):
            if dataclasses.is_dataclass(cls) and isinstance(cls.__dict__.get("type"), str):
                found[cls.type] = cls
    return found


def documented() -> dict[str, set[str]]:
    """type -> fields, from the headings and tables of docs/events.md."""
    found: dict[str, set[str]] = {}
    current = None
    for line in (ROOT / "docs" / "events.md").read_text(encoding="utf-8").splitlines():
        heading = re.fullmatch(r"### `(\w+)`.*", line)
        if heading:
            current = heading.group(1)
            found[current] = set()
        elif line.startswith("#"):
            current = None
        row = re.match(r"\| `(\w+)` \|", line)
        if row and current:
            found[current].add(row.group(1))
    return found


def test_docs_and_code_name_the_same_events_and_fields() -> None:
    in_code = {name: {f.name for f in dataclasses.fields(cls)} for name, cls in event_classes().items()}
    assert documented() == in_code


def test_no_two_events_share_a_type() -> None:
    classes = [
        cls
        for name in MODULES
        for _, cls in inspect.getmembers(importlib.import_module(name), inspect.isclass)
        if dataclasses.is_dataclass(cls) and isinstance(cls.__dict__.get("type"), str)
    ]
    types = [cls.type for cls in set(classes)]
    assert len(types) == len(set(types))


def write(path: Path, *events: object) -> None:
    writer = EventWriter(path)
    for event in events:
        writer.emit(event)  # type: ignore[arg-type]
    writer.close()


def test_envelope_and_sequence(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    write(path, Started("train", 1, "0"), Stage("loading_model"))
    write(path, Resumed(4))
    records = [json.loads(line) for line in path.read_text().splitlines()]
    assert [r["seq"] for r in records] == [1, 2, 3]
    assert all(set(r) >= ENVELOPE for r in records)


def test_torn_line_is_ended_by_the_next_writer_and_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    write(path, Started("train", 1, "0"))
    with path.open("ab") as file:
        file.write(b'{"v":1,"seq":2,"type":"st')
    reader = EventReader(path)
    assert [r["type"] for r in reader.poll()] == ["started"]
    write(path, Resumed(0))
    assert [r["type"] for r in reader.poll()] == ["resumed"]
    assert reader.torn == 1
    assert EventReader(path).poll()[-1]["seq"] == 2


def test_unknown_types_and_keys_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    write(path, Started("train", 1, "0"))
    with path.open("a") as file:
        file.write('{"v":1,"seq":2,"time":1.0,"mono":1.0,"type":"from_the_future","x":1}\n')
        file.write('{"v":1,"seq":3,"time":1.0,"mono":1.0,"type":"stage","name":"nap","colour":"red"}\n')
    state = fold(EventReader(path).poll())
    assert state.stage == "nap"
    assert [o["type"] for o in state.others] == ["from_the_future"]


def test_newer_log_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text('{"v":2,"seq":1,"type":"started"}\n')
    with pytest.raises(UserError, match="newer_log"):
        EventReader(path).poll()


def test_resume_drops_later_steps(tmp_path: Path) -> None:
    step = {"v": 1, "seq": 1, "time": 1.0, "mono": 1.0, "type": "step"}
    records = [{**step, "step": n, "loss": float(n)} for n in range(1, 6)]
    records.append({**step, "type": "resumed", "from_step": 3})
    records.append({**step, "step": 4, "loss": 40.0})
    assert fold(records).train.loss == ((1, 1.0), (2, 2.0), (3, 3.0), (4, 40.0))


def test_not_a_number_becomes_null(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    write(path, Warned("x", {"a": float("nan")}), Done({"b": [float("inf")]}))
    first, last = (json.loads(line) for line in path.read_text().splitlines())
    assert first["params"] == {"a": None} and last["result"] == {"b": [None]}


EVENTS = st.lists(
    st.one_of(
        st.builds(Stage, st.sampled_from(["a", "b"])),
        st.builds(Progress, st.just("a"), st.integers(0, 9), st.one_of(st.none(), st.integers(1, 9))),
        st.builds(Warned, st.sampled_from(["w", "x"]), st.just({})),
        st.builds(Refused, st.integers(1, 9)),
        st.builds(Resumed, st.integers(0, 5)),
        st.builds(Stopped, st.booleans()),
        st.builds(Failed, st.just("c"), st.just({}), st.just(1)),
    ),
    max_size=30,
)


@given(EVENTS, st.lists(st.integers(1, 400), max_size=12))
def test_replay_equals_live_however_the_bytes_arrive(
    tmp_path_factory: pytest.TempPathFactory, events: list[object], cuts: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("log")
    whole = folder / "whole.jsonl"
    write(whole, Started("train", 1, "0"), *events)
    data = whole.read_bytes()
    job = Job.create(folder / "jobs", "train", {})
    follower = Follower(job)
    position = 0
    for cut in cuts:
        with job.events_path.open("ab") as file:
            file.write(data[position : position + cut])
        position = min(len(data), position + cut)
        follower.poll()
    with job.events_path.open("ab") as file:
        file.write(data[position:])
    live, replayed = follower.poll(), Follower(job).poll()
    assert live == replayed
