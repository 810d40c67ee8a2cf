"""What the service counts, for Prometheus; one registry per service, so that two in one process do not mix."""

from __future__ import annotations

from functools import lru_cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0)


class Metrics:
    """Counters by the names that /metrics shows."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.calls = Counter("ivr_calls", "Calls ended, by disposition", ["disposition"], registry=self.registry)
        self.in_progress = Gauge("ivr_calls_in_progress", "Calls being talked to now", registry=self.registry)
        self.line_events = Counter(
            "ivr_line_events",
            "Connections refused and what was odd on lines, by reason",
            ["reason"],
            registry=self.registry,
        )
        self.refused = Counter("ivr_calls_refused", "Calls refused, by reason", ["reason"], registry=self.registry)
        self.look_ups = Histogram(
            "ivr_look_up_seconds", "Time of a look-up", ["look_up", "outcome"], buckets=SECONDS, registry=self.registry
        )
        self.look_up = lru_cache(1_024)(self.look_ups.labels)  # (name, outcome) -> what observes the seconds
        self.faults = Counter("ivr_faults", "The world's faults that a call met", ["fault"], registry=self.registry)
        self.journal_waiting = Gauge(
            "ivr_journal_waiting", "Calls in the spool that the database does not have yet", registry=self.registry
        )
        self.prompts_missing = Counter(
            "ivr_prompts_missing", "Sound files that were missing or corrupt when needed", registry=self.registry
        )
        self.fax_dials = Counter("ivr_fax_dials", "Fax dials ended, by cause", ["cause"], registry=self.registry)
        self.fax_pages = Counter("ivr_fax_pages", "Fax pages that receivers confirmed", registry=self.registry)
        self.faxes_held = Gauge("ivr_fax_jobs_held", "Fax jobs that this server works on", registry=self.registry)

    def faxed(self, cause: str, pages: int) -> None:
        """A dial ended."""
        self.fax_dials.labels(cause).inc()
        self.fax_pages.inc(pages)
