"""Addresses of synchronisation, under /t/<slug>/."""

from django.urls import path

from sync import upload_views, views

app_name = "sync"
urlpatterns = [
    path("connections/", views.connections, name="connections"),
    path("connections/new/<slug:kind>/", views.connect, name="connect"),
    path("connections/<int:pk>/", views.connection, name="connection"),
    path("connections/<int:pk>/sync/", views.sync_now, name="sync_now"),
    path("connections/<int:pk>/test/", views.test, name="test"),
    path("connections/<int:pk>/state/", views.change_state, name="change_state"),
    path("connections/<int:pk>/credentials/", views.credentials, name="credentials"),
    path("connections/<int:pk>/bank/", views.bank, name="bank"),
    path("connections/<int:pk>/bank/done/", views.bank_done, name="bank_done"),
    path("runs/", views.runs, name="runs"),
    path("runs/<int:pk>/", views.run, name="run"),
    path("import/", upload_views.import_files, name="import"),
    path("import/<int:pk>/", upload_views.import_preview, name="import_preview"),
    path("import/<int:pk>/store/", upload_views.import_store, name="import_store"),
]
