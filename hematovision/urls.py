"""Every address of the portal."""

from django.urls import include, path

handler400 = "hematovision.core.views.bad_request"
handler403 = "hematovision.core.views.permission_denied"
handler404 = "hematovision.core.views.not_found"
handler429 = "hematovision.core.views.too_many_requests"
handler500 = "hematovision.core.views.server_error"

urlpatterns = [
    path("", include("hematovision.dashboard.urls")),
    path("", include("predictions.web.urls")),
    path("", include("accounts.web.urls")),
    path("audit/", include("accounts.audit.urls")),
    path("models/", include("mlcore.web.urls")),
    path("accounts/", include("accounts.web.signin")),
    path("api/v1/", include("predictions.api.urls")),
    path("_allauth/app/v1/", include("accounts.web.headless")),
]
