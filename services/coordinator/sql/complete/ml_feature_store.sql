-- Units of a slate: its players with form.
{players with form in features.ml_feature_store}
