"""The report of a campaign run: a static page that a retail media team can open anywhere."""

from pipeline.report.report import write_report
from pipeline.report.summary import RunSummary, StageTotal, summarise

__all__ = ["RunSummary", "StageTotal", "summarise", "write_report"]
