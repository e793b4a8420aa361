"""Follow one job: new events in, a fresh state out. Reads only the bytes that are new."""

from __future__ import annotations

from dataclasses import replace

from styletui.jobs.fold import Folder, JobError, JobState
from styletui.jobs.job import Job
from styletui.jobs.log import EventReader
from styletui.jobs.supervisor import alive


class Follower:
    """`poll()` is the one way to look at a job, whether it lives, is being reattached to, or is long over."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._reader = EventReader(job.events_path)
        self._folder = Folder()
        self._state = self._folder.snapshot()

    def poll(self) -> JobState:
        """The state now. The same object as last time when nothing has changed."""
        # Liveness first: a worker that ends between the two looks has then written its last event already.
        living = alive(self.job)
        records = self._reader.poll()
        for record in records:
            self._folder.add(record)
        if records:
            self._state = self._folder.snapshot()
        if not living and not self._state.ended:
            self._state = replace(self._state, status="crashed", error=JobError("crashed", {}))
        return self._state
