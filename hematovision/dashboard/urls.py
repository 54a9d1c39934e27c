"""Addresses: home page and dashboard."""

from django.urls import path

from hematovision.dashboard import views

urlpatterns = [
    path("", views.home, name="home"),
    path("dashboard/", views.dashboard, name="dashboard"),
]
