"""Addresses of what a person is told, under /t/<slug>/; and the way out of e-mail, which needs no sign-in."""

from django.urls import path

from live.notifications import views

app_name = "notifications"
urlpatterns = [
    path("t/<slug:slug>/notifications/", views.listing, name="list"),
    path("t/<slug:slug>/notifications/bell/", views.bell, name="bell"),
    path("t/<slug:slug>/notifications/read/", views.read_all, name="read_all"),
    path("t/<slug:slug>/notifications/<int:pk>/", views.follow, name="follow"),
    path("t/<slug:slug>/notifications/<int:pk>/read/", views.read, name="read"),
    path("t/<slug:slug>/settings/notifications/", views.preferences, name="settings"),
    path("notifications/unsubscribe/<str:token>", views.unsubscribe, name="unsubscribe"),
]
