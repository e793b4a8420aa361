"""Whatever is put in: a sentence, the right exit code, nothing lost, no traceback, no text in logs."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from helpers.notes import write_notes
from helpers.tiny_models import make_tiny_model, make_tiny_tokenizer
from styletui_eval.blind.protocol import PAIRS
from styletui_prep.errors import UserError
from styletui_prep.events import ignore, never
from styletui_prep.files import json_text, write_json
from styletui_prep.pipeline import PrepConfig, prepare

from styletui import cli, i18n, messages, service
from styletui.jobs import supervisor
from styletui.jobs.fold import fold
from styletui.jobs.follow import Follower
from styletui.jobs.job import Job
from styletui.project import Project, Run

NASTY = "[/] [@click=app.quit]x[/] \x1b[31mred\x1b]0;title\x07 {name} %s"


@dataclass(frozen=True)
class Said:
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("STYLETUI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    mask = os.umask(0o022)
    yield tmp_path
    os.umask(mask)
    i18n.set_language("en")


def command(*args: str | Path, lang: str = "en") -> Said:
    """The command in this process (its workers are real), as the entry point calls it."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(_Utf8(out)), contextlib.redirect_stderr(err):
        try:
            code = cli.main(["--lang", lang, *map(str, args)])
        except SystemExit as stop:
            code = int(stop.code or 0)
    said = Said(code, out.getvalue(), err.getvalue())
    assert "Traceback" not in said.out + said.err
    ours = re.sub(r"(?m)^  \| .*$", "", said.err)  # less the last lines of a worker
    assert not re.search(r"\{[a-z_]+\}", ours), "a sentence with a hole in it"
    assert "\x1b" not in said.err + said.out
    return said


class _Utf8(io.StringIO):
    """A stdout that has an encoding, as a real one does."""

    encoding = "utf-8"

    def __init__(self, into: io.StringIO) -> None:
        super().__init__()
        self._into = into

    def write(self, text: str) -> int:
        return self._into.write(text)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    config = PrepConfig((write_notes(folder / "notes"),), folder / "data", min_tokens=100, max_tokens=400)
    prepare(config, ignore, never)
    return config.out


@pytest.fixture
def run(home: Path, dataset: Path) -> Run:
    """A run that was never trained."""
    return service.create_run(home / "run", {"dataset": str(dataset), "model_name": str(home / "m")}, {})


def _bad_source(root: Path, name: str) -> Path:
    source = root / name
    if name != "missing":
        source.mkdir()
    if name == "pictures":
        (source / "a.png").write_bytes(b"\x89PNG" + bytes(40))
    elif name == "binary":
        (source / "a.md").write_bytes(bytes(range(256)) * 20)
    elif name == "blank":
        (source / "a.md").write_text(" \n\n")
    elif name == "loop":
        (source / "again").symlink_to(source)
        (source / "a.md").symlink_to(source / "a.md")
    return source


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", ["missing", "empty", "pictures", "binary", "blank", "loop"])
def test_a_source_with_nothing_in_it(home: Path, name: str, lang: str) -> None:
    said = command("scan", _bad_source(home, name), "--json", lang=lang)
    assert (said.code, said.out) == (3, "")
    what = [line for line in said.err.splitlines() if not line.startswith("·")]
    assert len(what) >= 2 and name in what[0]


def test_names_and_texts_full_of_escapes(home: Path) -> None:
    source = write_notes(home / "notes\n[31m")
    for number, file in enumerate(sorted(source.iterdir())):
        text = file.read_text().replace("title: The", f"author: '{NASTY}'\ntitle: The", 1)
        file.write_text(text.replace("counted", f"counted {NASTY}", 1))
        if number < 2:
            file.rename(source / f"[@click=app.quit]\x1b[2J\n{number}.md")
    (source / "clock.md").rename(os.fsdecode(b"%s/clock\xff.md" % os.fsencode(source)))
    said = command("scan", source)
    assert said.code == 0 and "documents:  12" in said.out
    scanned = json.loads(command("scan", source, "--json").out)
    assert scanned["documents"] == 12
    assert command("prep", source, "--out", home / "data").code == 0
    for log in (home / "home" / "jobs").glob("*/*"):
        if log.name in ("events.jsonl", "stderr.log"):
            assert "click" not in log.read_text()


def test_a_folder_whose_name_is_not_text(home: Path) -> None:
    source = Path(os.fsdecode(os.fsencode(home) + b"/notes\xff"))
    write_notes(source)
    said = command("prep", source, "--out", Path(os.fsdecode(os.fsencode(home) + b"/out\xfe")), "--json")
    assert said.code == 0
    made = json.loads(said.out)["out"]
    assert Path(made, "manifest.json").is_file()
    assert Project.for_source(source).source == source.resolve()
    assert json.loads(json_text({"path": str(source)})) == {"path": str(source)}


def test_heads_that_cannot_be_read_are_said(home: Path) -> None:
    source = write_notes(home / "notes")
    for file in source.iterdir():
        file.write_text(
            file.read_text().replace("title: ", "title: [: {{ !!python/object/apply:os.abort []\nx: ")
        )
    for lang, word in (("en", "12 files have a head"), ("zh", "12 个文件")):
        said = command("scan", source, lang=lang)
        assert said.code == 0 and word in said.err


@pytest.mark.parametrize("target", ["inside", "itself", "full", "file"])
def test_a_target_that_is_something_else(home: Path, target: str) -> None:
    source = write_notes(home / "notes")
    own = home / "own"
    own.mkdir()
    own.chmod(0o755)
    (own / "diary.txt").write_text("dear diary")
    place = {"inside": source / "out", "itself": source, "full": own, "file": own / "diary.txt"}[target]
    said = command("prep", source, "--out", place)
    assert said.code == (1 if target == "file" else 2)
    assert own.stat().st_mode & 0o777 == 0o755
    assert [p.name for p in own.iterdir()] == ["diary.txt"] and (
        own / "diary.txt"
    ).read_text() == "dear diary"
    assert not (source / "out").exists()


@pytest.mark.parametrize("where", ["file", "read only"])
def test_a_home_that_cannot_be_used(home: Path, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    place = home / "file" if where == "file" else Path("/proc/styletui")
    if where == "file":
        place.write_text("mine")
        place.chmod(0o644)
    monkeypatch.setenv("STYLETUI_HOME", str(place))
    for lang in i18n.LANGUAGES:
        said = command("scan", home, lang=lang)
        assert said.code == 1 and str(place) in said.err and len(said.err.splitlines()) == 3
    if where == "file":
        assert place.read_text() == "mine" and place.stat().st_mode & 0o777 == 0o644


def test_our_own_mistake_is_said_without_a_traceback(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*_args: object) -> None:
        raise ValueError("dear " + "yraid"[::-1])

    monkeypatch.setattr(service, "start_scan", lambda *a, **k: wrong())
    said = command("scan", home)
    log = home / "home" / "mistake.log"
    assert said.code == 1 and str(log) in said.err
    assert "wrong" in log.read_text() and "diary" not in log.read_text() + said.err


MODELS = {
    "none": "not_found",
    "no_config": "no_config",
    "broken_config": "broken_config",
    "strange_config": "no_weights",
    "no_weights": "no_weights",
    "pickled": "pickled_weights",
    "cut": "broken_weights",
    "odd_header": "broken_weights",
    "lost_shard": "broken_weights",
    "no_tokenizer": "no_tokenizer",
}


def _bad_model(folder: Path, name: str) -> Path:
    """A folder that looks like a model but for one thing."""
    if name == "none":
        return folder
    make_tiny_tokenizer(folder)
    (folder / "config.json").write_text('{"model_type": "llama", "architectures": ["LlamaForCausalLM"]}')
    header = b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    weights = len(header).to_bytes(8, "little") + header + bytes(4)
    (folder / "model.safetensors").write_bytes(weights)
    if name in ("no_weights", "pickled", "strange_config"):
        (folder / "model.safetensors").unlink()
    if name == "pickled":
        (folder / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    elif name == "strange_config":
        (folder / "config.json").write_text('{"architectures": 5}')
    elif name == "no_config":
        (folder / "config.json").unlink()
    elif name == "broken_config":
        (folder / "config.json").write_text("[" * 100_000)
    elif name == "cut":
        (folder / "model.safetensors").write_bytes(weights[:-2])
    elif name == "odd_header":
        odd = b'{"a":{"shape":"x","data_offsets":[0,0]}}'
        (folder / "model.safetensors").write_bytes(len(odd).to_bytes(8, "little") + odd)
    elif name == "lost_shard":
        index = {"weight_map": {"a": "model.safetensors", "b": "model-2.safetensors"}}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    elif name == "no_tokenizer":
        (folder / "tokenizer.json").unlink()
    return folder


@pytest.mark.parametrize("name", MODELS)
def test_a_folder_that_is_no_whole_model(home: Path, dataset: Path, name: str) -> None:
    model = _bad_model(home / "model", name)
    for lang in i18n.LANGUAGES:
        said = command("train", dataset, "--model", model, "--out", home / "run", lang=lang)
        assert said.code == 3 and not (home / "run").exists()
        expected = messages.explain(MODELS[name], {"path": str(model), "model": model.name})
        assert said.err.splitlines()[0] == expected.what
    assert command("models", "list", home).code == 0


@pytest.mark.parametrize(
    "line", ['{"messages": [', "[1, 2]", '{"messages": "x"}', '{"messages": [5]}', "\xff"]
)
def test_samples_that_cannot_be_read(home: Path, dataset: Path, line: str) -> None:
    copy = home / "data"
    shutil.copytree(dataset, copy)
    (copy / "sft_train.jsonl").write_bytes(line.encode("latin-1") + b"\n")
    said = command("train", copy, "--model", _bad_model(home / "model", ""), "--out", home / "run")
    assert said.code == 3 and "sft_train.jsonl" in said.err and not (home / "run").exists()


@pytest.mark.parametrize(
    "args",
    [
        ["--set", "max_steps=inf"],
        ["--set", "seed=1e400"],
        ["--set", "learning_rate=nan"],
        ["--time-budget", "nan"],
        ["--set", "lora_rank=8"],
        ["--set", "nothing"],
        ["--config", "broken.yaml"],
        ["--config", "gbk.yaml"],
        ["--config", "list.yaml"],
    ],
)
def test_settings_that_cannot_be_meant(home: Path, dataset: Path, args: list[str]) -> None:
    (home / "broken.yaml").write_text("lora_r: [8\nseed: }")
    (home / "gbk.yaml").write_bytes("seed: 1 # 种子".encode("gb18030"))
    (home / "list.yaml").write_text("- 1\n- 2\n")
    args = [str(home / a) if a.endswith(".yaml") else a for a in args]
    said = command("train", dataset, "--model", _bad_model(home / "model", ""), "--out", home / "run", *args)
    assert said.code == 2 and not (home / "run").exists()


def test_a_run_folder_is_new_and_is_claimed_once(
    home: Path, dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = {"dataset": str(dataset), "model_name": "m"}
    own = home / "own"
    own.mkdir()
    own.chmod(0o755)
    (own / "diary.txt").write_text("x")
    with pytest.raises(UserError, match="out_not_empty"):
        service.create_run(own, config, {})
    assert own.stat().st_mode & 0o777 == 0o755

    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(service, "write_json", full)
        with pytest.raises(UserError, match="disk_full"):
            service.create_run(home / "run", config, {})
    assert not (home / "run").exists()  # so that the next try finds the place free
    service.create_run(home / "run", config, {})
    with pytest.raises(UserError, match="run_exists"):
        service.create_run(home / "run", config, {})


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "[" * 100_000, '{"v": 1}', '{"v": 1, "config": 5}', '{"v": 1, "config": {"dataset": 1}}'],
)
def test_a_run_that_cannot_be_read(run: Run, text: str) -> None:
    (run.path / "run.json").write_text(text)
    for args in (
        ["runs", "show"],
        ["runs", "attach"],
        ["runs", "stop"],
        ["eval"],
        ["ab", "status"],
        ["ab", "make"],
    ):
        said = command(*args, run.path)
        assert said.code == 3 and str(run.path) in said.err
    assert (run.path / "run.json").read_text() == text


@pytest.mark.parametrize("text", ["", "{", "[]", '{"v": "x"}', '{"v": 1}', '{"v": 1, "kind": 5, "spec": []}'])
def test_a_job_or_project_that_cannot_be_read(home: Path, text: str) -> None:
    project = Project.for_source(write_notes(home / "notes"))
    (project.path / "project.json").write_text(text)
    with pytest.raises(UserError, match="broken_project"):
        _ = project.settings
    job = Job.create(home / "jobs", "scan", {})
    (job.path / "job.json").write_text(text)
    with pytest.raises(UserError, match="broken_job"):
        job.read()
    (home / "home" / "settings.json").write_text(text)
    assert command("models", "list").code == 0


@pytest.mark.parametrize(
    "record",
    [
        {"type": "stage", "name": "x", "time": "now"},
        {"type": "progress", "done": "x"},
        {"type": "step", "step": None},
        {"type": "eval", "step": 3},
        {"type": "resumed"},
        {"type": "warning", "code": "few_documents", "params": [1]},
        {"type": "failed", "code": "internal", "params": 5, "exit_code": "x"},
        {"type": "done", "result": 5},
        {"type": "snapshot"},
    ],
)
def test_a_log_changed_by_hand_is_still_shown(home: Path, record: dict[str, object]) -> None:
    job = Job.create(home / "jobs", "train", {})
    step = {"v": 1, "seq": 1, "type": "step", "step": 1, "loss": 2.0, "time": 1.0}
    job.events_path.write_text(json.dumps(step) + "\n" + json.dumps({"v": 1, "seq": 2, **record}) + "\n")
    state = Follower(job).poll()
    assert state.train.loss == ((1, 2.0),)
    assert fold([{"v": 1, "seq": 1, **record}]).train.last_step is None


def test_a_log_of_a_newer_program_says_which(run: Run) -> None:
    job = Job.create(run.jobs_dir, "train", {})
    job.events_path.write_text('{"v": 99, "seq": 1, "type": "step"}\n')
    said = command("runs", "attach", run.path)
    assert said.code == 1 and str(job.events_path) in said.err


def test_a_crash_shows_its_last_lines_and_a_full_disk_is_named(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = Job.create(run.jobs_dir, "train", {})
    job.stderr_path.write_text("Killed: 9 \x1b[31m\n")
    said = command("runs", "attach", run.path)
    assert said.code == 1 and "Killed: 9 ␛[31m" in said.err and str(job.stderr_path) in said.err
    usage = shutil.disk_usage(run.path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=0))
    error = Follower(job).poll().error
    assert error is not None and (error.code, error.params) == ("disk_full", {"path": str(job.path)})


def test_blind_test_names_votes_and_counts(run: Run) -> None:
    for args in (
        ["ab", "make", run.path, "--name", "../../x"],
        ["ab", "status", run.path, "--name", "a\nb"],
        ["ab", "vote", run.path, "next", "1", "--name", ".."],
        ["ab", "vote", run.path, "next", "9"],
        ["ab", "make", run.path, "--count", "0"],
        ["eval", run.path, "--max-documents", "-3"],
    ):
        assert command(*args).code == 2, args
    assert command("ab", "vote", run.path, "next", "1").code == 3
    assert not list(run.path.parent.glob("x*")) and not (run.blind_dir / PAIRS).exists()


def test_ctrl_c_while_stopping_leaves_the_work_alone(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    job = Job.create(run.jobs_dir, "train", {})
    job.events_path.touch()
    monkeypatch.setattr(supervisor, "alive", lambda _job: True)
    monkeypatch.setattr("styletui.jobs.follow.alive", lambda _job: True)

    def interrupted(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", interrupted)
    for verb in ("attach", "stop"):
        said = command("runs", verb, run.path)
        assert said.code == 130 and f"styletui runs attach {run.path}" in said.err


@pytest.mark.parametrize(
    ("redirect", "code"),
    [(">&-", 0), ("2>&-", 0), ("<&-", 0), (">/dev/full", 1), ("2>/dev/full", 1), ("| true", 0)],
)
def test_streams_that_are_closed_or_full(home: Path, redirect: str, code: int) -> None:
    if "full" in redirect and not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    source = write_notes(home / "notes", topics=("river", "bread"))
    line = f'"{sys.executable}" -m styletui --lang en scan "{source}" --json {redirect}'
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=False, timeout=60)
    assert "Traceback" not in done.stderr + done.stdout
    assert done.returncode == code, done.stderr


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_leaving_killing_and_discarding_a_real_training(home: Path, dataset: Path) -> None:
    model = make_tiny_model(home / "tiny", chat_template=False)

    def training(name: str) -> tuple[list[str], Path]:
        out = home / name
        return [
            sys.executable, "-m", "styletui", "--lang", "en", "train", str(dataset), "--model", str(model),
            "--out", str(out), "--device", "cpu", "--json", "--set", "max_steps=2000", "--set", "sample_tokens=0",
        ], out  # fmt: skip

    arguments, out = training("left")
    process = subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    job = _wait_for_steps(out)
    os.killpg(process.pid, signal.SIGINT)
    stdout, stderr = process.communicate(timeout=30)
    assert (process.returncode, stdout) == (130, "")
    assert f"styletui runs attach {out}" in stderr and "Traceback" not in stderr
    assert supervisor.alive(job)
    assert command("train", dataset, "--model", model, "--out", out).code == 2
    assert command("runs", "stop", out).code == 0
    assert Run(out).has_adapter
    assert command("eval", out, "--max-documents", "1", "--json").code == 0

    arguments, out = training("discarded")
    subprocess.run([*arguments, "--detach"], check=True, capture_output=True)
    _wait_for_steps(out)
    assert command("runs", "stop", out, "--discard").code == 0
    assert not Run(out).has_adapter
    said = command("eval", out)
    assert said.code == 3 and "adapter" in said.err

    arguments, out = training("killed")
    subprocess.run([*arguments, "--detach"], check=True, capture_output=True)
    job = _wait_for_steps(out)
    pid = Follower(job).poll().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    said = command("runs", "attach", out)
    assert said.code == 1 and "without a last word" in said.err and str(job.stderr_path) in said.err


def _wait_for_steps(run: Path) -> Job:
    """The training job of `run` once it has taken a step."""
    end = time.monotonic() + 90
    while time.monotonic() < end:
        job = Job.latest(run / "jobs", "train")
        if job is not None and Follower(job).poll().train.last_step is not None:
            return job
        time.sleep(0.2)
    raise AssertionError("no step was taken")


def test_json_is_written_back_as_it_was(tmp_path: Path) -> None:
    value = {"name": "a\udcff", "title": "中文", "escape": "\x1b"}
    write_json(tmp_path / "x.json", value)
    assert json.loads((tmp_path / "x.json").read_bytes()) == value
