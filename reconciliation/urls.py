"""Addresses of the workbench, under /t/<slug>/."""

from django.urls import path

from reconciliation import debt_views, decisions, payer_views, quality_views, rule_views, story_views, views

app_name = "reconciliation"
urlpatterns = [
    path("reconciliation/", views.workbench, name="workbench"),
    path("reconciliation/line/<int:pk>/", views.line, name="line"),
    path("reconciliation/match/<int:pk>/", views.match, name="match"),
    path("reconciliation/line/<int:pk>/edit/", views.editor, name="editor"),
    path("reconciliation/line/<int:pk>/items/", views.items, name="items"),
    path("reconciliation/line/<int:pk>/book/", views.booking, name="booking"),
    path("reconciliation/line/<int:pk>/payer/", views.payer, name="payer"),
    path("reconciliation/line/<int:pk>/customers/", views.customers, name="customers"),
    path("reconciliation/clear/", views.clear, name="clear"),
    path("reconciliation/history/", views.history, name="history"),
    path("reconciliation/decide/confirm/", decisions.confirm, name="confirm"),
    path("reconciliation/decide/reject/", decisions.reject, name="reject"),
    path("reconciliation/decide/undo/", decisions.undo, name="undo"),
    path("reconciliation/decide/clear/", decisions.confirm_clear, name="confirm_clear"),
    path("reconciliation/decide/link/<int:pk>/", decisions.link, name="link"),
    path("reconciliation/decide/book/<int:pk>/", decisions.book, name="book"),
    path("reconciliation/decide/payer/<int:pk>/", decisions.map_payer, name="map_payer"),
    path("open-items/people/", debt_views.page, name="debts"),
    path("customers/<int:pk>/story/", story_views.story, name="story"),
    path("reconciliation/payers/", payer_views.payers, name="payers"),
    path("reconciliation/payers/new/", payer_views.payer_form, name="payer_new"),
    path("reconciliation/payers/customers/", payer_views.customers, name="payer_customers"),
    path("reconciliation/payers/<int:pk>/", payer_views.payer_form, name="payer_edit"),
    path("reconciliation/payers/<int:pk>/rest/", payer_views.payer_rest, name="payer_rest"),
    path("reconciliation/payers/<int:pk>/use/", payer_views.payer_use, name="payer_use"),
    path("reconciliation/quality/", quality_views.page, name="quality"),
    path("reconciliation/quality/automatic/", quality_views.choose, name="automatic"),
    path("reconciliation/rules/", rule_views.rules, name="rules"),
    path("reconciliation/rules/new/", rule_views.rule_form, name="rule_new"),
    path("reconciliation/rules/<int:pk>/", rule_views.rule, name="rule"),
    path("reconciliation/rules/<int:pk>/edit/", rule_views.rule_form, name="rule_edit"),
    path("reconciliation/rules/<int:pk>/move/", rule_views.rule_move, name="rule_move"),
    path("reconciliation/rules/<int:pk>/switch/", rule_views.rule_switch, name="rule_switch"),
    path("reconciliation/rules/<int:pk>/try/", rule_views.rule_try, name="rule_try"),
    path("reconciliation/rules/<int:pk>/run/", rule_views.rule_run, name="rule_run"),
    path("reconciliation/rules/<int:pk>/remove/", rule_views.rule_remove, name="rule_remove"),
    path("reconciliation/rules/runs/<int:pk>/undo/", rule_views.rule_undo, name="rule_undo"),
]
