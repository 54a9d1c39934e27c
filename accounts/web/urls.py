"""Addresses: pages of people and the one-time link."""

from django.urls import URLPattern, URLResolver, path

from accounts.web import views, welcome

urlpatterns: list[URLPattern | URLResolver] = [
    path("people/", views.people, name="people"),
    path("people/new/", views.person_new, name="person_new"),
    path("people/<uuid:person_id>/", views.person, name="person"),
    path("welcome/<str:token>/", welcome.welcome, name="welcome"),
]
