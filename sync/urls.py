"""Addresses of synchronisation, under /t/<slug>/."""

from django.urls import path

from sync import account_views, connect_views, import_views, upload_views, views

app_name = "sync"
urlpatterns = [
    path("connections/", views.connections, name="connections"),
    path("connections/new/<slug:kind>/", connect_views.connect, name="connect"),
    path("connections/<int:pk>/", views.connection, name="connection"),
    path("connections/<int:pk>/sync/", views.sync_now, name="sync_now"),
    path("connections/<int:pk>/test/", views.test, name="test"),
    path("connections/<int:pk>/state/", views.change_state, name="change_state"),
    path("connections/<int:pk>/rename/", views.rename, name="rename"),
    path("connections/<int:pk>/remove/", views.remove, name="remove"),
    path("connections/<int:pk>/credentials/", connect_views.credentials, name="credentials"),
    path("connections/<int:pk>/bank/", connect_views.bank, name="bank"),
    path("connections/<int:pk>/bank/done/", connect_views.bank_done, name="bank_done"),
    path("runs/", views.runs, name="runs"),
    path("runs/<int:pk>/", views.run, name="run"),
    path("import/", upload_views.import_files, name="import"),
    path("import/<int:pk>/", import_views.import_preview, name="import_preview"),
    path("import/<int:pk>/store/", import_views.import_store, name="import_store"),
    path("import/<int:pk>/undo/", import_views.import_undo, name="import_undo"),
    path("import/<int:pk>/discard/", import_views.import_discard, name="import_discard"),
    path("accounts/", account_views.accounts, name="accounts"),
    path("accounts/<int:pk>/", account_views.account, name="account"),
    path("accounts/<int:pk>/rename/", account_views.account_rename, name="account_rename"),
    path("accounts/<int:pk>/merge/", account_views.account_merge, name="account_merge"),
    path("accounts/<int:pk>/remove/", account_views.account_remove, name="account_remove"),
]
