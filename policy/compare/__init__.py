"""What lies in what: policies compared, checked against themselves and one another, and met half-way."""
