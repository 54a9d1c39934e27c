"""The printed report: what stands on it, and how it becomes a PDF.

``content`` holds what is frozen at signing, ``render`` prints it. A report is printed anew from its content
alone, and the same content gives the same bytes.
"""

from predictions.report.content import ReportContent, from_json, to_json
from predictions.report.render import render

__all__ = ["ReportContent", "from_json", "render", "to_json"]
