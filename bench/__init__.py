"""What a call costs: the whole service beside a bare Twisted responder and pystrix, told in ratios. ``make bench``."""
