"""Addresses of proof."""

from __future__ import annotations

from django.urls import path

from tutelage.web.proof.views import log, mine, owner

urlpatterns = [
    path("proof/<uuid:pk>/sign/", mine.sign, name="sign"),
    path("proof/<uuid:pk>/lost/", mine.lost, name="lost"),
    path("proof/<uuid:pk>/receipts/", mine.receipts, name="receipts"),
    path("proof/<uuid:pk>/receipts/<uuid:judgment>.json", mine.receipt, name="receipt"),
    path("projects/<uuid:pk>/releases/", owner.releases, name="releases"),
    path("projects/<uuid:pk>/releases/<int:number>/", owner.release, name="release"),
    path("projects/<uuid:pk>/releases/<int:number>/release.tar", owner.release_tar, name="release_tar"),
    path("projects/<uuid:pk>/releases/<int:number>/<slug:name>/", owner.release_file, name="release_file"),
    path("projects/<uuid:pk>/suspects/", owner.suspect, name="suspect"),
    path("projects/<uuid:pk>/suspects/<uuid:judgment>/", owner.decide, name="suspect_decide"),
    path("projects/<uuid:pk>/certificate/", owner.certificate, name="certificate"),
    path("projects/<uuid:pk>/certificate/<int:number>/", owner.certificate_one, name="certificate_one"),
    path("me/earnings/", mine.earnings, name="earnings"),
    path("me/earnings/pay.json", mine.earnings_json, name="earnings_json"),
    path("me/erase/", mine.erase, name="erase"),
    path("log/", log.log, name="log"),
    path("log/erased/", log.erased, name="erased"),
    path("log/checkpoint", log.checkpoint, name="log_checkpoint"),
    path("log/consistency.json", log.consistency, name="log_consistency"),
    path("log/revocations.json", log.revocations, name="log_revocations"),
    path("log/operator.pub", log.operator, name="log_operator"),
    path("log/check_receipt.py", log.checker, name="log_checker"),
]
