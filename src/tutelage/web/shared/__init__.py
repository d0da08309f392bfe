"""What all pages share: base templates, tags, tokens, rendering. Nothing here knows the domain."""
