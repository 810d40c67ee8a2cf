"""How the itemised bill is set on pages: typeface, figures, the first page's blocks, the columns of charges."""
