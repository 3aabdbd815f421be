"""What every Takt service needs and none owns."""
