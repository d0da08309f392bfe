"""Addresses of the owner's loop."""

from __future__ import annotations

from django.urls import path

from tutelage.web.runs.views import files, items, loops, progress, webhooks

urlpatterns = [
    path("projects/<uuid:pk>/run/", progress.progress, name="run"),
    path("projects/<uuid:pk>/runs/", loops.runs, name="runs"),
    path("projects/<uuid:pk>/runs/new/", loops.edit, name="loop_edit"),
    path("projects/<uuid:pk>/runs/<int:number>/", loops.loop, name="loop"),
    path("projects/<uuid:pk>/runs/<int:number>/report/", loops.report, name="loop_report"),
    path("projects/<uuid:pk>/runs/<int:number>/gate/", loops.gate, name="gate"),
    path("projects/<uuid:pk>/runs/<int:number>/gate/sign/", loops.gate_sign, name="gate_sign"),
    path("projects/<uuid:pk>/runs/<int:number>/do/<slug:name>/", loops.act, name="loop_act"),
    path("projects/<uuid:pk>/webhooks/", webhooks.webhooks, name="webhooks"),
    path("projects/<uuid:pk>/webhooks/<uuid:webhook>/remove/", webhooks.remove, name="webhook_remove"),
    path("projects/<uuid:pk>/items/", items.items, name="items"),
    path("projects/<uuid:pk>/items/<int:number>/", items.item, name="item"),
    path("projects/<uuid:pk>/import/", files.imports, name="imports"),
    path("projects/<uuid:pk>/import/<int:number>/", files.import_, name="import"),
    path("projects/<uuid:pk>/import/<int:number>/start/", files.import_start, name="import_start"),
    path("projects/<uuid:pk>/import/<int:number>/discard/", files.import_discard, name="import_discard"),
    path("projects/<uuid:pk>/export/", files.exports, name="exports"),
    path("projects/<uuid:pk>/export/<int:number>/file/", files.export_file, name="export_file"),
]
