"""Columns that somebody else has labelled: those of the Northwind database, each marked as personal data or as none.

A fact about each column, from the classifications that github.com/alex-yates-redgate/EffectiveTestDataManagement gives
them (`V002__Add_Sensitivity_Classifications`, seen 2026-11-23): `Confidential - GDPR` and `Highly Confidential` against
`Not Sensitive`. The rules were not made for it, but whoever changed them last had seen it.
"""

from __future__ import annotations

# table, its personal columns, the others
NORTHWIND: tuple[tuple[str, str, str], ...] = (
    (
        "Customers",
        "ContactName Address PostalCode Phone Fax Email",
        "CustomerID CompanyName ContactTitle City Region Country",
    ),
    (
        "Employees",
        "FirstName LastName BirthDate Address PostalCode HomePhone Email SSN",
        "EmployeeID Title TitleOfCourtesy HireDate City Region Country Extension Photo Notes ReportsTo",
    ),
    (
        "Suppliers",
        "ContactName Address PostalCode Phone Fax",
        "SupplierID CompanyName ContactTitle City Region Country HomePage",
    ),
    (
        "Orders",
        "ShipName ShipAddress ShipPostalCode",
        (
            "OrderID CustomerID EmployeeID OrderDate RequiredDate ShippedDate ShipVia Freight "
            "ShipCity ShipRegion ShipCountry"
        ),
    ),
    ("Categories", "", "CategoryID CategoryName Description Picture"),
    (
        "Products",
        "",
        (
            "ProductID ProductName SupplierID CategoryID QuantityPerUnit UnitPrice UnitsInStock "
            "UnitsOnOrder ReorderLevel Discontinued"
        ),
    ),
    ("OrderDetails", "", "OrderID ProductID UnitPrice Quantity Discount"),
    ("Region", "", "RegionID RegionDescription"),
    ("Territories", "", "TerritoryID TerritoryDescription RegionID"),
    ("EmployeeTerritories", "", "EmployeeID TerritoryID"),
    ("Shippers", "", "ShipperID CompanyName Phone"),
)
