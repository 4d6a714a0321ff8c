"""Jobs that a worker has let go of, until the queue knows it too: the last word may be cut off."""

from __future__ import annotations

from time import monotonic

from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager


class LetGo:
    """The jobs whose work has ended in this process and whose end the queue may not have been told.

    When the connection breaks over which the queue is told, a worker that lives on keeps the job in
    its name for ever: it is not stalled, nobody does it, and what must not be done twice at once
    waits behind it.
    """

    def __init__(self, seconds: float) -> None:
        """Give the queue so many seconds to be told."""
        self._seconds = seconds
        self._jobs: dict[int, tuple[Job, float]] = {}

    def add(self, job: Job) -> None:
        """Note that the work of a job has ended, well or not."""
        if job.id is not None:
            self._jobs[job.id] = (job, monotonic())

    async def give_back(self, manager: JobManager) -> None:
        """Put back in the queue what it should have been told of; what was done is not done again."""
        latest = monotonic() - self._seconds
        for number, (job, since) in list(self._jobs.items()):
            if since > latest:
                continue
            if await _is_still_ours(manager, job):
                await manager.retry_job(job)
            self._jobs.pop(number, None)


async def _is_still_ours(manager: JobManager, job: Job) -> bool:
    """Tell whether the queue takes this very try of a job to be under way."""
    return any(
        found.status == Status.DOING.value
        and (found.attempts, found.worker_id) == (job.attempts, job.worker_id)
        for found in await manager.list_jobs_async(id=job.id)
    )
