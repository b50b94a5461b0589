"""Addresses of matches."""

from django.urls import path

from reconciliation.api import views

urlpatterns = [
    path("reconciliation", views.QueueView.as_view(), name="reconciliation"),
    path("reconciliation/confirm", views.ConfirmView.as_view(), name="reconciliation-confirm"),
    path("reconciliation/reject", views.RejectView.as_view(), name="reconciliation-reject"),
    path("reconciliation/undo", views.UndoView.as_view(), name="reconciliation-undo"),
    path("reconciliation/link", views.LinkView.as_view(), name="reconciliation-link"),
]
