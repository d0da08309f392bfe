"""Pages and SVG charts that fold all of the below."""
