"""Addresses of a company's settings, under /t/<slug>/."""

from django.urls import path

from tenants import settings_views as views

urlpatterns = [
    path("settings/", views.company, name="settings"),
    path("settings/people/", views.people, name="people"),
    path("settings/people/<int:pk>/", views.change_member, name="change_member"),
    path("settings/keys/", views.api_keys, name="keys"),
    path("settings/keys/<int:pk>/revoke/", views.revoke_key, name="revoke_key"),
    path("settings/audit/", views.audit_log, name="audit"),
]
