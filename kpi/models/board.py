"""Boards: which numbers and pictures a company put side by side, and the links by which somebody without a login may read them."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.models import Tenant


class Board(models.Model):
    """A page of tiles. Private to its owner unless `shared`; without an owner it is the company's (a starter, or made by a program).

    `period` is the preset of `lib.periods` and `compare` the comparison of `kpi.queries` that it opens with.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="boards")
    key = models.UUIDField(default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=80)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    shared = models.BooleanField(_("shared"), default=False)
    period = models.CharField(_("period"), max_length=12, default="month")
    compare = models.CharField(_("comparison"), max_length=16, default="previous")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name", "id"]
        verbose_name = _("board")
        verbose_name_plural = _("boards")
        constraints = [models.UniqueConstraint(fields=["tenant", "key"], name="board_key_once")]

    def __str__(self) -> str:
        return self.name


class Tile(models.Model):
    """One part of a board: `kind` is a code of `kpi.boards.catalog`, `options` what that kind may be told, checked there.

    Tiles follow `position` and flow in rows of twelve columns; `height` counts steps, of which one holds a number and two a picture.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    board = models.ForeignKey(Board, models.CASCADE, related_name="tiles")
    kind = models.CharField(max_length=32)
    options = models.JSONField(default=dict)
    position = models.PositiveSmallIntegerField()
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position", "id"]
        verbose_name = _("tile")
        verbose_name_plural = _("tiles")
        constraints = [
            models.CheckConstraint(condition=models.Q(width__in=[3, 4, 6, 12]), name="tile_width"),
            models.CheckConstraint(condition=models.Q(height__range=(1, 4)), name="tile_height"),
        ]

    def __str__(self) -> str:
        return self.kind


class BoardLink(models.Model):
    """An address that anybody who has it may read one or more boards by, until `expires_at`. Only the hash of its token is kept.

    `period` fixes what is shown: a preset, or two days ("2026-01-01..2026-03-31"); "" lets the reader choose.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=80)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    boards = models.ManyToManyField(Board, through="LinkedBoard", related_name="links")
    period = models.CharField(_("period"), max_length=24, blank=True, default="")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(_("expires at"))
    last_used_at = models.DateTimeField(_("last used at"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, editable=False)

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name = _("public link")
        verbose_name_plural = _("public links")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires_at__lte=models.F("created_at") + timedelta(days=367)),
                name="boardlink_ends_within_a_year",
            )
        ]

    def __str__(self) -> str:
        return self.name


class LinkedBoard(models.Model):
    """One board of a link; a screen shows them in the order of `position`."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    link = models.ForeignKey(BoardLink, models.CASCADE, related_name="places")
    board = models.ForeignKey(Board, models.CASCADE, related_name="+")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["tenant", "link", "board"], name="linkedboard_once")]

    def __str__(self) -> str:
        return f"{self.link_id} {self.position}"


class BoardState(models.Model):
    """Says that a company was given its starter boards once, so that removed ones do not come back."""

    tenant = models.OneToOneField(Tenant, models.CASCADE, primary_key=True, related_name="+")
    started_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.tenant_id} since {self.started_at}"
