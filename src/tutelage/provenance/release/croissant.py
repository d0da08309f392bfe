"""Croissant 1.0 metadata with its responsible-AI part: what data tools and catalogues read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tutelage.provenance.release.manifest import Manifest
from tutelage.records import Json

CONTEXT: Json = {
    "@language": "en", "@vocab": "https://schema.org/", "citeAs": "cr:citeAs", "column": "cr:column",
    "conformsTo": "dct:conformsTo", "cr": "http://mlcommons.org/croissant/", "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"}, "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "equivalentProperty": "cr:equivalentProperty",
    "dct": "http://purl.org/dc/terms/", "examples": {"@id": "cr:examples", "@type": "@json"}, "extract": "cr:extract",
    "field": "cr:field", "fileProperty": "cr:fileProperty", "fileObject": "cr:fileObject", "fileSet": "cr:fileSet",
    "format": "cr:format", "includes": "cr:includes", "isLiveDataset": "cr:isLiveDataset", "jsonPath": "cr:jsonPath",
    "key": "cr:key", "md5": "cr:md5", "parentField": "cr:parentField", "path": "cr:path", "recordSet": "cr:recordSet",
    "references": "cr:references", "regex": "cr:regex", "repeated": "cr:repeated", "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/", "separator": "cr:separator", "source": "cr:source", "subField": "cr:subField",
    "transform": "cr:transform",
}  # fmt: skip
_TYPES = {"String": "sc:Text", "Float64": "sc:Float", "Int64": "sc:Integer", "Boolean": "sc:Boolean"}


def croissant(
    manifest: Manifest, files: Mapping[str, str], tables: Mapping[str, Mapping[str, str]], notes: Sequence[str]
) -> Json:
    """The metadata of a release.

    files   path -> SHA-256 hex of every file in it
    tables  Parquet path -> its columns and their polars types
    notes   known limits and biases, in words
    """
    return {
        "@context": CONTEXT, "@type": "sc:Dataset", "conformsTo": ["http://mlcommons.org/croissant/1.0",
        "http://mlcommons.org/croissant/RAI/1.0"], "name": manifest.name, "license": manifest.licence,
        "description": f"{manifest.judgments:,} judgments on {manifest.items:,} items, sealed with receipts and a log.",
        "version": f"1.0.0+{manifest.digest[7:19]}", "identifier": manifest.digest,
        "datePublished": manifest.sealed_at[:10], "url": manifest.origin,
        "citeAs": f"{manifest.name}, release {manifest.digest[7:19]}",
        "rai:dataAnnotationPlatform": "Tutelage", "rai:dataCollectionType": "Crowdsourcing of human judgment",
        "rai:dataAnnotationProtocol": "; ".join(manifest.guidelines) or "no guideline version was recorded",
        "rai:annotationsPerItem": f"{manifest.judgments / max(manifest.items, 1):.2f} on average",
        "rai:machineAnnotationTools": [
            f"{manifest.judges['ai']} AI judges", f"{manifest.simulated:,} simulated judgments, never people",
        ] if manifest.judges["ai"] or manifest.simulated else [],
        "rai:annotatorDemographics": "not recorded", "rai:dataBiases": list(notes),
        "rai:personalSensitiveInformation": "Contributors are pseudonyms; texts may name people.",
        "distribution": [_file(path, digest) for path, digest in sorted(files.items())],
        "recordSet": [_records(path, columns) for path, columns in sorted(tables.items())],
    }  # fmt: skip


def _file(path: str, digest: str) -> Json:
    return {"@type": "cr:FileObject", "@id": path, "name": path, "contentUrl": path, "encodingFormat": _format(path),
            "sha256": digest}  # fmt: skip


def _format(path: str) -> str:
    ends = {".parquet": "application/x-parquet", ".gz": "application/gzip", ".json": "application/json",
            ".html": "text/html", ".py": "text/x-python", ".md": "text/markdown"}  # fmt: skip
    return next((kind for end, kind in ends.items() if path.endswith(end)), "text/plain")


def _records(path: str, columns: Mapping[str, str]) -> Json:
    name = path.rpartition("/")[2].removesuffix(".parquet")
    fields: list[Any] = [
        {"@type": "cr:Field", "@id": f"{name}/{column}", "name": f"{name}/{column}",
         "dataType": _TYPES.get(kind, "sc:Text"),
         "source": {"fileObject": {"@id": path}, "extract": {"column": column}}}
        for column, kind in columns.items()
    ]  # fmt: skip
    return {"@type": "cr:RecordSet", "@id": name, "name": name, "field": fields}
