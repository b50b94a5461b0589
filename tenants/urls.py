"""Addresses of people: where they start and how the panel looks to them."""

from django.urls import include, path

from tenants import views

app_name = "tenants"
urlpatterns = [
    path("", views.start, name="start"),
    path("robots.txt", views.robots, name="robots"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("preferences", views.preferences, name="preferences"),
    path("t/<slug:slug>/", include("tenants.company_urls")),
]
