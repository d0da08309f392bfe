"""Icons are characters: they scale, take the colour of their text, and need no file."""

ICONS = {
    "good": "✓", "bad": "✕", "warn": "!", "unknown": "?", "open": "○", "done": "●", "up": "↑", "down": "↓",
    "next": "→", "back": "←", "more": "…", "add": "+", "theme": "◐", "language": "文", "link": "↗", "lock": "⚿",
}  # fmt: skip
