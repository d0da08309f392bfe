"""Evidence about how judgments came to be."""
