"""Several pieces of work at the same time, in threads of this process.

The work is waiting for platforms and for the warehouse, so threads are enough. They are daemons: an interrupted command
must not wait for a platform that does not answer, and what a thread leaves behind is what a kill would leave.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextvars import copy_context
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def at_the_same_time(work: Callable[[T], R], items: Sequence[T], *, at_once: int) -> list[R]:
    """What the work returns for each item, in the order of the items.

    Args:
        work: Must be safe to run beside itself; sees the caller's context variables.
        items: What to work on; begun in this order.
        at_once: How many at the same time; with one, nothing leaves the caller's thread.

    Raises:
        BaseException: What the work raised for the first item that it raised for, once all have ended.
    """
    if at_once <= 1 or len(items) <= 1:
        return [work(item) for item in items]
    waiting = deque(enumerate(items))
    done: dict[int, R] = {}
    raised: dict[int, BaseException] = {}

    def take_turns() -> None:
        while True:
            try:
                number, item = waiting.popleft()
            except IndexError:
                return
            try:
                done[number] = work(item)
            except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
                raised[number] = error

    threads = [
        threading.Thread(target=copy_context().run, args=(take_turns,), name=f"work-{number}", daemon=True)
        for number in range(min(at_once, len(items)))
    ]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except BaseException:
        waiting.clear()  # nobody begins anything new
        raise
    if raised:
        raise raised[min(raised)]
    return [done[number] for number in range(len(items))]
