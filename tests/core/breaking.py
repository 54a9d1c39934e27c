"""The portal's addresses and one that breaks."""

from django.urls import path

from hematovision import urls

handler500 = urls.handler500


def broken(request):
    raise RuntimeError("This view breaks.")


urlpatterns = [*urls.urlpatterns, path("broken", broken)]
