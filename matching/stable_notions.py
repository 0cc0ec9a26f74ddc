"""Names of the stability notions that certificates state."""

PLAIN = "pairwise stability (Gale and Shapley 1962; Roth 1985)"
RESERVES = "stability with minority reserves (Hafalir, Yenmez and Yildirim 2013)"
CAPS = "stability under regional caps, ranks compared inside a region (Kamada and Kojima 2015, 2018)"
PAIRS = "stability with couples (Roth and Peranson 1999)"
