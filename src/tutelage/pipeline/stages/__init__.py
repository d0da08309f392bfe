"""The stages of the loop, one file each: a `STAGE` and the frozen configuration it takes."""
