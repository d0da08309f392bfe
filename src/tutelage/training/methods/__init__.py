"""One file per method; `tutelage.training` holds their faces."""
