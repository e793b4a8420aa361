"""Follow one job: new events in, a fresh state out. Reads only the bytes that are new."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import replace
from typing import Final

from styletui.jobs.fold import Folder, JobError, JobState
from styletui.jobs.job import Job
from styletui.jobs.log import EventReader
from styletui.jobs.supervisor import alive

_ROOM_FOR_A_WORD: Final = 16 << 10


class Follower:
    """`poll()` is the one way to look at a job, whether it lives, is being reattached to, or is long over."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._reader = EventReader(job.events_path)
        self._folder = Folder()
        self._state = self._folder.snapshot()
        self._living: bool | None = None

    def poll(self) -> JobState:
        """The state now. The same object as last time when nothing has changed."""
        # Liveness first: a worker that ends between the two looks has then written its last event already.
        living = alive(self.job)
        records = self._reader.poll()
        for record in records:
            self._folder.add(record)
        if records or living != self._living:
            self._living = living
            self._state = self._seen_alive(self._folder.snapshot()) if living else self._seen_dead()
        return self._state

    def _seen_alive(self, state: JobState) -> JobState:
        """A worker on a job that had failed was started to resume it, and has not said so yet."""
        return replace(state, status="starting", error=None) if state.status == "failed" else state

    def _seen_dead(self) -> JobState:
        state = self._folder.snapshot()
        return state if state.ended else replace(state, status="crashed", error=self._why())

    def _why(self) -> JobError:
        """A full disk also takes the worker's last word."""
        folder = self.job.path
        with contextlib.suppress(OSError):
            if shutil.disk_usage(folder).free < _ROOM_FOR_A_WORD:
                return JobError("disk_full", {"path": str(folder)})
        return JobError("crashed", {})
