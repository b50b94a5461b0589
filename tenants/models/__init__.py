"""Who: users, tenants and their settings, memberships, API keys, and the audit log."""

from tenants.models.api_key import ApiKey
from tenants.models.audit import AuditLog
from tenants.models.membership import Capability, Membership, Role
from tenants.models.tenant import Tenant, TenantSettings
from tenants.models.user import User

__all__ = ["ApiKey", "AuditLog", "Capability", "Membership", "Role", "Tenant", "TenantSettings", "User"]
