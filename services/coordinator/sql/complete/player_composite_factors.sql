-- Units of a slate: its players with form.
{players with form in features.player_composite_factors}
