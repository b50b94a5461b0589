"""Addresses of files, under /t/<slug>/boards/."""

from django.urls import path

from kpi.exports import views

urlpatterns = [
    path("<uuid:key>/export.pdf", views.board_file, {"ending": "pdf"}, name="board_pdf"),
    path("<uuid:key>/export.xlsx", views.board_file, {"ending": "xlsx"}, name="board_xlsx"),
    path("tiles/<int:pk>/picture.png", views.tile_picture, {"ending": "png"}, name="tile_png"),
    path("tiles/<int:pk>/picture.svg", views.tile_picture, {"ending": "svg"}, name="tile_svg"),
]
