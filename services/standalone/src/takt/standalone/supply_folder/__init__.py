"""A company's supply as a folder of CSV or Parquet files, read by the column and checked whole."""
