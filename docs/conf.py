"""How Sphinx builds these pages: ``make docs``."""
# ruff: noqa: INP001 - Sphinx wants a file of this name in no package

from muster import __version__

project = "Muster"
author = "The Muster authors"
release = __version__

extensions = ["myst_parser"]
myst_enable_extensions = ["deflist"]
exclude_patterns = ["_build"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"Muster {release}"
html_show_sphinx = False
html_show_copyright = False
