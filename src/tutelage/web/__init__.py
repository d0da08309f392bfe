"""The hall: the platform in which people do the work. Django; nothing below this room imports it."""
