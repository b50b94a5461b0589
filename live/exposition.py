"""The figures of the whole installation as Prometheus reads them: sums over its processes, the departed included, so they never go back.

Web replicas stand behind one door, so a scrape cannot choose whom it meets; sums say the same wherever they are asked.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from live import measure
from live.counters import BUCKETS, Key, Times

HELP: Final = {
    "request_ms": "Answers to people and programs, by route.",
    "machine_request_ms": "Answers to probes, scrapes and requests for static files.",
    "request_queries": "SQL statements of requests, by route.",
    "request_query_ms": "Time in SQL of a request, by route.",
    "request_errors": "Requests that ended in 5xx, by route.",
    "query_ms": "SQL statements of requests.",
    "upstream_ms": "Attempts of outgoing requests, by upstream and result.",
    "task_ms": "Tasks of the workers, by name and end.",
    "task_failures": "Tasks that failed.",
    "sync_runs": "Runs of connections that ended, by kind and status.",
    "sync_run_ms": "From asking for a run to its end, by kind.",
    "cache_hits": "Answers out of the cache, by resource.",
    "cache_misses": "Answers that had to be computed, by resource.",
    "events_delivered": "Events given to streams.",
    "event_delivery": "From the commit of an event to its stream.",
    "event_to_screen_ms": "From the commit of an event to the open page that shows it, as browsers report (a sample).",
    "upstream_to_screen_ms": "From asking or being told by an upstream to the open page that shows it (a sample).",
    "connections": "Open streams.",
    "memory_bytes": "Resident memory of all living processes.",
}

# Values that are read when somebody looks: (name, labels, value). Registered by who knows them.
Reading = tuple[str, Mapping[str, str], float]
Reader = Callable[[], Iterable[Reading]]
_readers: list[tuple[Reader, Mapping[str, str]]] = []


def register(reader: Reader, **explained: str) -> None:
    """Add gauges that `reader` reads from the database when /metrics is asked; `explained` says in words what each is.

    Called from `AppConfig.ready()`.
    """
    _readers.append((reader, explained))


def text() -> bytes:
    """Return the figures in Prometheus's text format. Raises django.db.Error."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Installation())
    return generate_latest(registry)


class _Installation(Collector):
    def describe(self) -> Iterable[Metric]:
        """Return nothing: names are known when they are read."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield every family."""
        totals = measure.totals()
        yield _processes(totals)
        yield from _gauges(totals)
        for name, series in _by_name(totals.figures.counts):
            yield _counter(name, series)
        for name, series in _by_name(totals.figures.times):
            yield _histogram(name, series)
        for reader, explained in _readers:
            yield from _read(reader, explained)


def _by_name(figures: Mapping[Key, Any]) -> list[tuple[str, list[tuple[dict[str, str], Any]]]]:
    found: dict[str, list[tuple[dict[str, str], Any]]] = {}
    for key, value in sorted(figures.items()):
        found.setdefault(key[0], []).append((dict(key[1:]), value))
    return list(found.items())


def _labels(series: Iterable[tuple[Mapping[str, str], Any]]) -> list[str]:
    """Return the labels that any of the series has; one that lacks a label has it empty, which means the same."""
    return sorted({name for labels, _ in series for name in labels})


def _help(name: str) -> str:
    return HELP.get(name, name.replace("_", " "))


def _counter(name: str, series: list[tuple[dict[str, str], float]]) -> Metric:
    names = _labels(series)
    family = CounterMetricFamily(f"painel_{name}", _help(name), labels=names)
    for labels, n in series:
        family.add_metric([labels.get(one, "") for one in names], n)
    return family


def _histogram(name: str, series: list[tuple[dict[str, str], Times]]) -> Metric:
    names = _labels(series)
    family = HistogramMetricFamily(f"painel_{name.removesuffix('_ms')}_seconds", _help(name), labels=names)
    for labels, times in series:
        buckets, below = [], 0
        for bound, n in zip([*BUCKETS, None], times.buckets, strict=True):
            below += n
            buckets.append(("+Inf" if bound is None else str(bound / 1_000), below))
        family.add_metric([labels.get(one, "") for one in names], buckets, times.sum_ms / 1_000)
    return family


def _processes(totals: measure.Totals) -> Metric:
    family = GaugeMetricFamily("painel_processes", "Living processes, by kind.", labels=["kind"])
    for kind in ("web", "worker", "beat"):
        family.add_metric([kind], len(totals.of_kind(kind)))
    return family


def _gauges(totals: measure.Totals) -> Iterator[Metric]:
    for name in sorted({name for one in totals.processes for name in one.gauges}):
        yield GaugeMetricFamily(f"painel_{name}", _help(name), value=totals.gauge(name))


def _read(reader: Reader, explained: Mapping[str, str]) -> Iterator[Metric]:
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for name, labels, value in reader():
        found.setdefault(name, []).append((dict(labels), value))
    for name, series in found.items():
        names = _labels(series)
        family = GaugeMetricFamily(f"painel_{name}", explained.get(name, _help(name)), labels=names)
        for labels, value in series:
            family.add_metric([labels.get(one, "") for one in names], value)
        yield family
