"""Views of projects' cleansets: the analysis and its run, the review page, decisions, exports."""
