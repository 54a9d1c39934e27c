"""``/metrics``: how the portal stands and what happened, for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus

import redis
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from accounts.models import MachineToken
from accounts.permissions import Capability, can
from accounts.tokens import challenge, token_text, token_used
from hematovision.core import metrics as core
from hematovision.core.csp_reports import REPORTS
from hematovision.core.metrics import Series
from hematovision.dashboard.gauges import gauges

COUNTED = (core.REQUESTS, core.ATTEMPTS, REPORTS)


class Everything(Collector):
    """All that is told; each scrape asks anew."""

    def collect(self) -> Iterator[Metric]:
        """Yield the state of the portal, then what was counted; without Redis nothing was."""
        yield from gauges()
        for series in COUNTED:
            try:
                yield family(series)
            except redis.RedisError:
                return


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer a program whose token has the scope and whose person may see the dashboard, never a session."""
    shown = request.headers.get("Authorization", "")
    text = token_text(shown)
    token = token_used(text) if text else None
    if token is None:
        return HttpResponse(status=HTTPStatus.UNAUTHORIZED, headers={"WWW-Authenticate": challenge(shown)})
    if MachineToken.Scope.METRICS not in token.scopes or not can(token.person, Capability.VIEW_DASHBOARD):
        too_little = challenge(shown, "insufficient_scope")
        return HttpResponse(status=HTTPStatus.FORBIDDEN, headers={"WWW-Authenticate": too_little})
    registry = CollectorRegistry()
    registry.register(Everything())
    encode, kind = choose_encoder(request.headers.get("Accept", ""))
    return HttpResponse(encode(registry), content_type=kind)


def family(series: Series) -> Metric:
    """Return what was counted of ``series`` as Prometheus wants it: ranges that contain the smaller ones.

    Raises:
        redis.RedisError: Redis does not answer.
    """
    found = core.tallies(series)
    if not series.bounds:
        plain = CounterMetricFamily(series.name, series.help, labels=series.labels)
        for values, tally in sorted(found.items()):
            plain.add_metric(values, sum(tally.ranges.values()))
        return plain
    timed = HistogramMetricFamily(series.name, series.help, labels=series.labels)
    for values, tally in sorted(found.items()):
        buckets, so_far = [], 0
        for which, bound in enumerate((*series.bounds, float("inf"))):
            so_far += tally.ranges.get(which, 0)
            buckets.append((floatToGoString(bound), so_far))
        timed.add_metric(values, buckets, tally.seconds)
    return timed
