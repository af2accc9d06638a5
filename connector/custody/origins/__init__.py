"""Where sealed bytes come from: disks, buckets, web servers, databases; one file for each."""
