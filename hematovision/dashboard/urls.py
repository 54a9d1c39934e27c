"""Addresses: home page, dashboard, health, metrics, and what browsers report."""

from django.urls import path

from hematovision.core import csp_reports
from hematovision.dashboard import health, metrics, views

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("csp-reports", csp_reports.collect, name="csp_reports"),
    path("dashboard/", views.dashboard, name="dashboard"),
]
