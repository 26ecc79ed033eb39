"""Logs and metrics. Every log line is masked; metrics contain no text from users."""

import logging
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Metrics:
    """The process's Prometheus metrics, in their own registry."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.deliveries = self._counter("deliveries", "Deliveries by result", "result")
        self.connections_closed = self._counter("connections_closed", "Connections that the bot closed", "reason")
        self.reconciles = self._counter("reconciles", "Evaluations of targets by outcome", "outcome")
        self.writes = self._counter("writes", "Writes to Forgejo by kind", "kind")
        self.restores = self._counter("restores", "Objects that others changed and the bot restored", "kind")
        self.alarms = self._counter(
            "alarms", "Objects that the bot stopped restoring; `account`: logins that were taken", "kind"
        )
        self.verdicts = self._counter("verdicts", "Verdicts by check", "check", "verdict")
        self.mirrors_remade = Counter(
            "assay_mirrors_remade", "Damaged mirrors that were made again", registry=self.registry
        )
        self.questions = self._counter("model_questions", "Questions to models by outcome", "model", "outcome")
        self.calls = self._counter("forgejo_calls", "Requests to Forgejo", "method", "status")
        self.call_seconds = Histogram(
            "assay_forgejo_call_seconds", "Duration of a request to Forgejo in seconds", registry=self.registry
        )
        self.reconcile_seconds = Histogram(
            "assay_reconcile_seconds", "Duration of an evaluation in seconds", registry=self.registry
        )
        self.forgejo_pause = Gauge(
            "assay_forgejo_pause_seconds",
            "Seconds until requests to Forgejo are sent again; above 0 while it fails or asked to wait",
            registry=self.registry,
        )
        self.dirty = Gauge("assay_dirty_targets", "Targets that wait for an evaluation", registry=self.registry)

        self.parked = Gauge(
            "assay_parked_targets",
            "Targets that failed many times and are evaluated once a day only",
            registry=self.registry,
        )

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(f"assay_{name}", about, labels, registry=self.registry)

    def saw_call(self, method: str, status: int, seconds: float) -> None:
        """Count one request of the client."""
        self.calls.labels(method=method, status=str(status)).inc()
        self.call_seconds.observe(seconds)


def configure_logs(level: str, mask: Callable[[str], str], *, to: Any = None) -> None:
    """Set up structured logs, one line per event, with all texts masked."""

    def redact(_logger: Any, _name: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {key: mask(value) if isinstance(value, str) else value for key, value in line.items()}

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            redact,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(file=to),
        cache_logger_on_first_use=False,
    )
