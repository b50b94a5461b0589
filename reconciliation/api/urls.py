"""Addresses of matches."""

from django.urls import path

from reconciliation.api import rules, views

urlpatterns = [
    path("reconciliation", views.QueueView.as_view(), name="reconciliation"),
    path("reconciliation/confirm", views.ConfirmView.as_view(), name="reconciliation-confirm"),
    path("reconciliation/reject", views.RejectView.as_view(), name="reconciliation-reject"),
    path("reconciliation/undo", views.UndoView.as_view(), name="reconciliation-undo"),
    path("reconciliation/link", views.LinkView.as_view(), name="reconciliation-link"),
    path("reconciliation/book", views.BookView.as_view(), name="reconciliation-book"),
    path("reconciliation/rules", rules.RulesView.as_view(), name="reconciliation-rules"),
    path("reconciliation/rules/<int:pk>", rules.RuleView.as_view(), name="reconciliation-rule"),
    path(
        "reconciliation/rules/<int:pk>/dry-run",
        rules.DryRunView.as_view(),
        name="reconciliation-rule-dry-run",
    ),
    path("reconciliation/rules/<int:pk>/run", rules.RunView.as_view(), name="reconciliation-rule-run"),
    path("reconciliation/rules/<int:pk>/undo", rules.UndoRunView.as_view(), name="reconciliation-rule-undo"),
]
