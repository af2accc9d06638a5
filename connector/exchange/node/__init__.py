"""A regional or industry node (区域/行业功能节点): what it assigns, and what it collects."""
