"""Many series at once: processes that hold the statistical library, answers in the order of the series, memory bounded."""

import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from itertools import chain, islice
from multiprocessing import get_context, parent_process
from typing import Final

from kpi.forecasting.forecast import Prepared, written
from kpi.forecasting.records import Forecast

_BATCH: Final = (
    4  # series a message: few enough that the bar moves and no process waits for the other's last ones
)
_AHEAD: Final = 4  # batches that wait for each process
_ALONE: Final = 6  # so few series are done before a second process would have read the library
_ONE_THREAD: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def forecast_all(ready: Iterable[Prepared], *, processes: int) -> Iterator[Forecast]:
    """Yield the forecast of every series in order. Raises BrokenProcessPool when a process dies (out of memory)."""
    waiting = iter(ready)
    first = list(islice(waiting, _ALONE + 1))
    if len(first) <= _ALONE or processes == 1:
        yield from map(_forecast, first)
        yield from map(_forecast, waiting)
        return
    batches = _batches(chain(first, waiting))
    with _one_thread_each(), _pool(processes) as pool:
        asked: deque[Future[list[Forecast]]] = deque()
        try:
            for batch in batches:
                asked.append(pool.submit(_forecast_some, batch))
                if len(asked) >= processes * _AHEAD:
                    yield from asked.popleft().result()
            while asked:
                yield from asked.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def _pool(processes: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_end_with_parent)


def _end_with_parent() -> None:
    """End this process when the one that started it is gone: killed, it could not say so, and the pool's queue would be waited on for good."""
    parent = parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _forecast(ready: Prepared) -> Forecast:
    return written(ready.periods, ready.predict())


def _forecast_some(batch: list[Prepared]) -> list[Forecast]:
    return [_forecast(ready) for ready in batch]


def _batches(ready: Iterator[Prepared]) -> Iterator[list[Prepared]]:
    while batch := list(islice(ready, _BATCH)):
        yield batch


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Tell the processes that are started inside that linear algebra has one thread: two processes fill two cores already."""
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
