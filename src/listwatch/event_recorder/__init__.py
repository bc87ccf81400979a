"""HOW a program tells what it did, where `kubectl describe` shows it: events of events.k8s.io/v1.

recorder.event(…) ─▶ event_correlator (pure: new, a repetition, one of many, too many?) ─▶ event_recorder (sends)
"""

from __future__ import annotations

from listwatch.event_recorder.event_correlator import EventCorrelator, Occurrence, Series
from listwatch.event_recorder.event_recorder import EventRecorder, EventRecorderMetrics

__all__ = ["EventCorrelator", "EventRecorder", "EventRecorderMetrics", "Occurrence", "Series"]
