"""Addresses of boards, under /t/<slug>/boards/."""

from django.urls import path

from kpi.boards import arranging, linking, views

urlpatterns = [
    path("", views.board_list, name="boards"),
    path("new/", arranging.create, name="board_new"),
    path("tv/", views.board_screen, name="board_screen"),
    path("links/", linking.links, name="board_links"),
    path("links/<int:pk>/", linking.link, name="board_link"),
    path("links/<int:pk>/revoke/", linking.revoke, name="board_link_revoke"),
    path("tiles/<int:pk>/", arranging.tile, name="board_tile"),
    path("<uuid:key>/", views.board_page, name="board"),
    path("<uuid:key>/edit/", arranging.edit, name="board_edit"),
    path("<uuid:key>/copy/", arranging.duplicate, name="board_copy"),
    path("<uuid:key>/delete/", arranging.delete, name="board_delete"),
    path("<uuid:key>/add/", arranging.add, name="board_add"),
    path("<uuid:key>/order/", arranging.order, name="board_order"),
    path("<uuid:key>/restore/<str:kept>/", arranging.restore, name="board_restore"),
]
