"""Addresses of reports, under /t/<slug>/; and the way out of their e-mail, which needs no sign-in."""

from django.urls import path

from kpi.reports import views

app_name = "reports"
urlpatterns = [
    path("t/<slug:slug>/reports/", views.reports, name="list"),
    path("t/<slug:slug>/reports/new/", views.report_new, name="new"),
    path("t/<slug:slug>/reports/<int:pk>/", views.report, name="report"),
    path("t/<slug:slug>/reports/<int:pk>/edit/", views.report_edit, name="edit"),
    path("t/<slug:slug>/reports/<int:pk>/pause/", views.report_pause, name="pause"),
    path("t/<slug:slug>/reports/<int:pk>/delete/", views.report_delete, name="delete"),
    path("t/<slug:slug>/reports/<int:pk>/send/", views.report_send, name="send"),
    path("t/<slug:slug>/reports/<int:pk>/recipients/", views.recipient_add, name="recipient_add"),
    path(
        "t/<slug:slug>/reports/recipients/<int:pk>/remove/", views.recipient_remove, name="recipient_remove"
    ),
    path("t/<slug:slug>/reports/deliveries/<int:pk>/again/", views.delivery_again, name="again"),
    path("reports/unsubscribe/<str:token>", views.unsubscribe, name="unsubscribe"),
]
