"""The Management API of Eclipse Dataspace Components: what its clients write and ask, over our own acts."""
