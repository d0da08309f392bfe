"""Runs of recipes, launched from a project's page."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

STATES = (
    ("working", "under way"), ("waiting", "waiting for people"), ("paused", "paused"), ("failed", "stopped"),
    ("done", "done"), ("cancelled", "cancelled"),
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = (
        ("projects", "0001_initial"),
        ("runs", "0003_no_bucket"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    )

    operations = (
        migrations.CreateModel(
            name="Loop",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("name", models.CharField(max_length=120)),
                ("source", models.CharField(max_length=12)),
                ("state", models.CharField(choices=STATES, default="working", max_length=9)),
                ("wish", models.CharField(blank=True, max_length=5)),
                ("attempt", models.PositiveIntegerField(default=1)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("steps", models.PositiveSmallIntegerField(default=0)),
                ("needed", models.PositiveIntegerField(default=0)),
                ("given", models.PositiveIntegerField(default=0)),
                ("enough", models.BooleanField(default=False)),
                ("outcome", models.CharField(blank=True, max_length=12)),
                ("error", models.JSONField(default=dict)),
                ("key", models.CharField(max_length=64, null=True)),
                ("at", models.DateTimeField()),
                ("moved_at", models.DateTimeField()),
                (
                    "asked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="loops", to="projects.project"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ("working", "waiting"))), fields=["at"], name="loop_alive"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("project", "number"), name="loop_number"),
                    models.UniqueConstraint(fields=("project", "key"), name="loop_once_a_key"),
                ],
            },
        ),
    )
