"""Addresses of the ledger, under /t/<slug>/."""

from django.urls import path

from ledger import views

app_name = "ledger"
urlpatterns = [
    path("search", views.find, name="search"),
    path("transactions/", views.listing, {"name": "transactions"}, name="transactions"),
    path("sales/", views.listing, {"name": "sales"}, name="sales"),
    path("customers/", views.listing, {"name": "customers"}, name="customers"),
    path("products/", views.listing, {"name": "products"}, name="products"),
    path("open-items/", views.listing, {"name": "open_items"}, name="open_items"),
    path("list/<slug:name>/", views.listing, name="list"),
    path("list/<slug:name>/totals/", views.totals, name="totals"),
    path("list/<slug:name>/csv/", views.export_csv, name="csv"),
    path("list/<slug:name>/xlsx/", views.export_xlsx, name="xlsx"),
    path("list/<slug:name>/<int:pk>/", views.detail, name="detail"),
    path("list/<slug:name>/<int:pk>/edit/", views.edit, name="edit"),
    path("list/<slug:name>/bulk/", views.bulk, name="bulk"),
    path("list/<slug:name>/bulk/<slug:done>/undo/", views.undo_bulk, name="undo_bulk"),
    path("list/<slug:name>/views/", views.save_view, name="save_view"),
    path("list/<slug:name>/views/<int:pk>/delete/", views.delete_view, name="delete_view"),
    path("exports/<int:pk>/", views.export, name="export"),
    path("exports/<int:pk>/file/", views.export_download, name="export_download"),
]
