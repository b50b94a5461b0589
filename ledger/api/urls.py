"""Addresses of facts."""

from django.urls import path

from ledger.api import views

urlpatterns = [
    path("sales", views.list_view("sales").as_view(), name="sales"),
    path("sales/<int:pk>", views.detail_view("sales").as_view(), name="sale"),
    path("customers", views.list_view("customers").as_view(), name="customers"),
    path("customers/<int:pk>", views.detail_view("customers").as_view(), name="customer"),
    path("products", views.list_view("products").as_view(), name="products"),
    path("products/<int:pk>", views.detail_view("products").as_view(), name="product"),
    path("open-items", views.list_view("open_items").as_view(), name="open-items"),
    path("open-items/<int:pk>", views.detail_view("open_items").as_view(), name="open-item"),
    path("pluggy/accounts", views.AccountsView.as_view(), name="accounts"),
    path("pluggy/transactions", views.list_view("transactions", "txns").as_view(), name="transactions"),
    path("pluggy/transactions/<int:pk>", views.detail_view("transactions").as_view(), name="transaction"),
]
