"""Addresses of public links."""

from django.urls import path

from kpi.boards.public import public, public_screen

app_name = "board_links"
urlpatterns = [
    path("<str:token>/", public, name="public"),
    path("<str:token>/tv/", public_screen, name="public_screen"),
]
